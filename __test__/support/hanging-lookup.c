/* Preloaded, stands in for a name server that does not answer. */

#include <unistd.h>

int getaddrinfo(void) {
  for (;;) pause();
}
