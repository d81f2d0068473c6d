// Closed-loop HTTP/1.1 load with strict response checks: keep-alive, a connection per request, TLS, or idle.
//
//   http --port P --name HOST --path / --body BYTES --conns N --seconds S [--count N] [--close] [--tls] [--idle]
//
// `--close` asks for `Connection: close` and expects the end of file after each response.
// `--idle` makes one request on each connection and then holds them until standard input closes.
// A response counts only with status 200, exactly one Content-Length and exactly the expected body length.
#include "common.h"
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
static SSL_CTX *tls;
#else
typedef void SSL;
#endif

#define HEAD_MAX 8192
enum phase { CONNECTING, HANDSHAKE, HEAD, BODY, EOF_WAIT };

struct conn {
  int fd, index, events;
  enum phase phase;
  SSL *ssl;
  size_t have;
  uint64_t body_left, asked_ns;
  char head[HEAD_MAX];
};

static int epoll, port, close_mode, idle_mode, use_tls;
static char request[2048], scratch[262144];
static size_t request_length;
static uint64_t body_expected, count_max;
static uint64_t opened, idle_ready;
static const char *server_name;

static int want(struct conn *c, int events) {
  if (c->events != events) {
    watch(epoll, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, (uint32_t)events, c);
    c->events = events;
  }
  return 1;
}

// Returns bytes read, 0 at the end of file, -1 to wait, -2 on failure.
static ssize_t take(struct conn *c, char *into, size_t room) {
#ifdef WITH_TLS
  if (c->ssl) {
    int n = SSL_read(c->ssl, into, (int)room);
    if (n > 0) return n;
    int why = SSL_get_error(c->ssl, n);
    if (why == SSL_ERROR_WANT_READ) return -1;
    // Not every server sends close_notify before the end of file.
    if (why == SSL_ERROR_ZERO_RETURN || why == SSL_ERROR_SSL || (why == SSL_ERROR_SYSCALL && errno == 0)) {
      ERR_clear_error();
      return 0;
    }
    return -2;
  }
#endif
  ssize_t n = recv(c->fd, into, room, 0);
  if (n >= 0) return n;
  return errno == EAGAIN ? -1 : -2;
}

static int ask(struct conn *c) {
  c->phase = HEAD;
  c->have = 0;
  c->asked_ns = now_ns();
#ifdef WITH_TLS
  if (c->ssl) {
    if (SSL_write(c->ssl, request, (int)request_length) != (int)request_length) return fail("tls write"), 0;
    return want(c, EPOLLIN);
  }
#endif
  ssize_t n = send(c->fd, request, request_length, MSG_NOSIGNAL);
  if (n == (ssize_t)request_length) return want(c, EPOLLIN);
  if (n < 0 && errno == EAGAIN) {
    c->phase = CONNECTING;
    return want(c, EPOLLOUT);
  }
  return fail("write"), 0;
}

static int handshake(struct conn *c) {
#ifdef WITH_TLS
  int n = SSL_connect(c->ssl);
  if (n == 1) return ask(c);
  int why = SSL_get_error(c->ssl, n);
  if (why == SSL_ERROR_WANT_READ) return want(c, EPOLLIN);
  if (why == SSL_ERROR_WANT_WRITE) return want(c, EPOLLOUT);
  ERR_clear_error();
  return fail("tls handshake"), 0;
#else
  (void)c;
  return 0;
#endif
}

static int open_conn(struct conn *c) {
  c->fd = connect_from(c->index + (int)(opened++ / 97), port);
  c->events = 0;
  if (c->fd < 0) return fail("connect"), 0;
  c->asked_ns = now_ns();
#ifdef WITH_TLS
  if (use_tls) {
    c->ssl = SSL_new(tls);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_tlsext_host_name(c->ssl, server_name);
    c->phase = HANDSHAKE;
    return want(c, EPOLLOUT);
  }
#endif
  return ask(c);
}

static void shut(struct conn *c) {
#ifdef WITH_TLS
  if (c->ssl) {
    SSL_free(c->ssl);
    c->ssl = NULL;
  }
#endif
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
}

static int response_done(struct conn *c) {
  hist_add(now_ns() - c->asked_ns);
  report.done++;
  if (close_mode) {
    c->phase = EOF_WAIT;
    return 1;
  }
  if (idle_mode) {
    idle_ready++;
    c->phase = EOF_WAIT;
    return 1;
  }
  return ask(c);
}

// Checks the head strictly; returns its length, 0 when it is not whole yet, or -1.
static ssize_t check_head(struct conn *c) {
  char *end = memmem(c->head, c->have, "\r\n\r\n", 4);
  if (!end) return c->have < HEAD_MAX ? 0 : -1;
  if (memcmp(c->head, "HTTP/1.1 200 ", 13) != 0) return fail("status is not 200"), -1;
  int lengths = 0;
  uint64_t length = 0;
  for (char *line = memchr(c->head, '\n', c->have) + 1; line < end;) {
    char *stop = memchr(line, '\n', (size_t)(end + 2 - line));
    if (stop[-1] != '\r') return fail("bare line feed"), -1;
    if (strncasecmp(line, "transfer-encoding:", 18) == 0) return fail("transfer-encoding"), -1;
    if (strncasecmp(line, "content-length:", 15) == 0) {
      lengths++;
      length = strtoull(line + 15, NULL, 10);
    }
    line = stop + 1;
  }
  if (lengths != 1 || length != body_expected) return fail("content-length"), -1;
  c->body_left = length;
  return end + 4 - c->head;
}

static int on_input(struct conn *c) {
  for (;;) {
    char *into = c->phase == HEAD ? c->head + c->have : scratch;
    size_t room = c->phase == HEAD ? HEAD_MAX - c->have : sizeof scratch;
    ssize_t n = take(c, into, room);
    if (n == -1) return 1;
    if (n == 0 && c->phase == EOF_WAIT && close_mode) return 0;
    if (n <= 0) return fail(n == 0 ? "early end of file" : "read"), 0;
    report.bytes += (uint64_t)n;
    if (c->phase == EOF_WAIT) return fail("bytes after the response"), 0;
    size_t body = (size_t)n;
    if (c->phase == HEAD) {
      c->have += (size_t)n;
      ssize_t head = check_head(c);
      if (head < 0) return 0;
      if (head == 0) continue;
      c->phase = BODY;
      body = c->have - (size_t)head;
    }
    if (body > c->body_left) return fail("body too long"), 0;
    c->body_left -= body;
    if (c->body_left == 0 && !response_done(c)) return 0;
    // A short read has emptied the socket; TLS may hold more records.
    if (!c->ssl && (size_t)n < room && c->phase != EOF_WAIT) return 1;
    if (!c->ssl && c->phase == EOF_WAIT && (size_t)n < room) return 1;
  }
}

static int step(struct conn *c, uint32_t events) {
  if (c->phase == HANDSHAKE) return handshake(c);
  if (c->phase == CONNECTING && (events & EPOLLOUT)) return ask(c);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) return on_input(c);
  return 1;
}

static void run(struct conn **conns, int total, double seconds) {
  struct epoll_event events[EVENTS_MAX];
  report.started_ns = now_ns();
  uint64_t end = report.started_ns + (uint64_t)(seconds * 1e9), progressed = report.started_ns, last = 0;
  int next = 0;
  for (;;) {
    // Connections are opened a few at a time, as a listener's backlog is short.
    for (int i = 0; i < 64 && next < total; i++, next++)
      if (!open_conn(conns[next])) shut(conns[next]);
    int count = epoll_wait(epoll, events, EVENTS_MAX, next < total ? 0 : 100);
    for (int i = 0; i < count; i++) {
      struct conn *c = events[i].data.ptr;
      if (step(c, events[i].events)) continue;
      shut(c);
      if (!idle_mode && !open_conn(c)) shut(c);
    }
    uint64_t now = now_ns();
    if (report.done != last) last = report.done, progressed = now;
    report.stalled = now - progressed > STALL_NS;
    if (now >= end || report.stalled || (count_max && report.done >= count_max)) break;
    if (report.errors > 100000 || (idle_mode && idle_ready + report.errors >= (uint64_t)total)) break;
  }
  report.ended_ns = now_ns();
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  epoll = epoll_create1(EPOLL_CLOEXEC);
  port = (int)arg_number(argc, argv, "--port", 80);
  close_mode = arg_flag(argc, argv, "--close");
  idle_mode = arg_flag(argc, argv, "--idle");
  use_tls = arg_flag(argc, argv, "--tls");
  body_expected = (uint64_t)arg_number(argc, argv, "--body", 128);
  count_max = (uint64_t)arg_number(argc, argv, "--count", 0);
  server_name = arg_text(argc, argv, "--name", "localhost");
  request_length = (size_t)snprintf(request, sizeof request,
                                    "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench/1\r\nAccept: */*\r\n"
                                    "Accept-Encoding: gzip, deflate\r\nCookie: session=0123456789abcdef\r\n%s\r\n",
                                    arg_text(argc, argv, "--path", "/"), server_name,
                                    close_mode ? "Connection: close\r\n" : "");
#ifdef WITH_TLS
  tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
#else
  if (use_tls) {
    fprintf(stderr, "built without TLS\n");
    return 1;
  }
#endif
  int total = (int)arg_number(argc, argv, "--conns", 64);
  if (total > CONNS_MAX) total = CONNS_MAX;
  struct conn **conns = calloc((size_t)total, sizeof *conns);
  for (int i = 0; i < total; i++) {
    conns[i] = calloc(1, sizeof **conns);
    conns[i]->index = i;
    conns[i]->fd = -1;
  }
  run(conns, total, arg_number(argc, argv, "--seconds", 1));
  print_report();
  if (idle_mode) while (read(0, scratch, sizeof scratch) > 0) continue;
  return 0;
}
