/* Preloaded, stands in for a name server: each name has the addresses 127.0.0.2 and 127.0.0.1, in this order. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **found) {
  look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
  (void)name;
  int failure = real("127.0.0.2", port, hints, found);
  if (failure) return failure;
  struct addrinfo *last = *found;
  while (last->ai_next) last = last->ai_next;
  return real("127.0.0.1", port, hints, &last->ai_next);
}
