/* Preloaded, stands in for a system that knows none of the options a socket can do without. */

#include <errno.h>
#include <sys/socket.h>

int setsockopt(int socket, int level, int option, const void *value, socklen_t size) {
  (void)socket, (void)level, (void)option, (void)value, (void)size;
  errno = ENOPROTOOPT;
  return -1;
}
