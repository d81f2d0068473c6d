// Shared by the load tools: arguments, clock, latency histogram, sockets, the report line.
#ifndef DCROUTER_BENCH_COMMON_H
#define DCROUTER_BENCH_COMMON_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define CONNS_MAX 20000
// A load that sees nothing for this long ends and says `stalled`.
#define STALL_NS 5000000000ull
// Loopback source addresses 127.0.0.2 and up, so that closed connections waiting do not use up the ports.
#define SOURCES 60

static inline uint64_t now_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static inline void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static inline const char *arg_text(int argc, char **argv, const char *name, const char *fallback) {
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  return fallback;
}

static inline double arg_number(int argc, char **argv, const char *name, double fallback) {
  const char *text = arg_text(argc, argv, name, NULL);
  return text ? atof(text) : fallback;
}

static inline int arg_flag(int argc, char **argv, const char *name) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return 1;
  return 0;
}

// Log-linear histogram of nanoseconds: 32 steps per power of two, so a quantile is right within 3 %.
#define HIST_SUB 32
static uint64_t hist[64 * HIST_SUB];

static inline void hist_add(uint64_t ns) {
  if (ns < HIST_SUB) {
    hist[ns]++;
    return;
  }
  int shift = 63 - __builtin_clzll(ns) - 5;
  hist[(uint64_t)(shift + 1) * HIST_SUB + ((ns >> shift) - HIST_SUB)]++;
}

static inline double hist_quantile_us(double q) {
  uint64_t total = 0;
  for (int i = 0; i < 64 * HIST_SUB; i++) total += hist[i];
  uint64_t want = (uint64_t)(q * (double)total), seen = 0;
  for (int i = 0; i < 64 * HIST_SUB; i++) {
    seen += hist[i];
    if (seen > want) {
      if (i < HIST_SUB) return i / 1000.0;
      int shift = i / HIST_SUB - 1;
      return (double)((uint64_t)(HIST_SUB + i % HIST_SUB) << shift) / 1000.0;
    }
  }
  return 0;
}

struct report {
  uint64_t done, errors, bytes;
  uint64_t started_ns, ended_ns;
  int stalled;
  const char *first_error;
};

static struct report report;

static inline void fail(const char *why) {
  report.errors++;
  if (!report.first_error) report.first_error = why;
}

static inline void print_report(void) {
  double seconds = (double)(report.ended_ns - report.started_ns) / 1e9;
  printf("{\"done\":%llu,\"errors\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"p50us\":%.1f,\"p99us\":%.1f,"
         "\"stalled\":%s,\"firstError\":\"%s\"}\n",
         (unsigned long long)report.done, (unsigned long long)report.errors, (unsigned long long)report.bytes, seconds,
         hist_quantile_us(0.5), hist_quantile_us(0.99), report.stalled ? "true" : "false",
         report.first_error ? report.first_error : "");
  fflush(stdout);
}

static inline void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// A non-blocking connection from the n-th source address; -1 when the kernel refuses at once.
static inline int connect_from(int n, int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(n % SOURCES))};
  bind(fd, (struct sockaddr *)&source, sizeof source);
  struct sockaddr_in target = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

static inline void watch(int epoll, int op, int fd, uint32_t events, void *data) {
  struct epoll_event event = {.events = events, .data.ptr = data};
  if (epoll_ctl(epoll, op, fd, &event) != 0) die("epoll_ctl");
}
#endif
