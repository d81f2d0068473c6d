// Layer-4 and WebSocket load, closed loop.
//
//   stream --mode pingpong|connect|bulk|websocket --port P --conns N --seconds S [--size BYTES] [--name HOST]
//
// pingpong:  a message of --size bytes on each connection, counted when the same bytes came back.
// connect:   open, one message there and back, close; counted when the end of the message came back.
// bulk:      one byte asks, then everything that arrives is counted in `bytes`.
// websocket: an upgrade, then text frames of --size bytes, counted when the same text came back.
#include "common.h"

enum mode { PINGPONG, CONNECT, BULK, WEBSOCKET };
#define SIZE_MAX_BYTES 4096

struct conn {
  int fd, index, events, upgraded;
  size_t have;
  uint64_t asked_ns;
  unsigned char input[SIZE_MAX_BYTES * 2];
};

static int epoll, port;
static enum mode mode;
static size_t size;
static uint64_t opened;
static unsigned char message[SIZE_MAX_BYTES + 16], expected[SIZE_MAX_BYTES + 16];
static size_t message_length, expected_length;
static char upgrade[512];
static char scratch[1 << 20];

static void watch_once(struct conn *c, int events) {
  if (c->events == events) return;
  watch(epoll, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, (uint32_t)events, c);
  c->events = events;
}

static int ask(struct conn *c) {
  const void *data = mode == WEBSOCKET && !c->upgraded ? (const void *)upgrade : mode == BULK ? (const void *)"x" : message;
  size_t length = mode == WEBSOCKET && !c->upgraded ? strlen(upgrade) : mode == BULK ? 1 : message_length;
  c->asked_ns = now_ns();
  c->have = 0;
  ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
  if (n < 0 && errno == EAGAIN) {
    watch_once(c, EPOLLOUT);
    return 1;
  }
  if (n != (ssize_t)length) return fail("write"), 0;
  watch_once(c, EPOLLIN);
  return 1;
}

static int open_conn(struct conn *c) {
  c->events = c->upgraded = 0;
  c->fd = connect_from(c->index + (int)(opened++ / 97), port);
  if (c->fd < 0) return fail("connect"), 0;
  return ask(c);
}

// Strict enough to notice anything but the switch: the status, and the accept key's presence.
static int on_upgraded(struct conn *c) {
  char *end = memmem(c->input, c->have, "\r\n\r\n", 4);
  if (!end) return c->have < sizeof c->input;
  if (memcmp(c->input, "HTTP/1.1 101 ", 13) != 0) return fail("no 101"), 0;
  // RFC 6455 section 1.3: the accept value of this very key.
  if (!memmem(c->input, c->have, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28)) return fail("wrong accept value"), 0;
  if ((size_t)(end + 4 - (char *)c->input) != c->have) return fail("bytes after 101"), 0;
  c->upgraded = 1;
  return ask(c);
}

static int on_input(struct conn *c) {
  if (mode == BULK) {
    for (int i = 0; i < 4; i++) {
      // MSG_TRUNC throws the bytes away in the kernel, so that the reader costs next to nothing.
      ssize_t n = recv(c->fd, scratch, sizeof scratch, MSG_TRUNC);
      if (n < 0) return errno == EAGAIN;
      if (n == 0) return fail("early end of file"), 0;
      report.bytes += (uint64_t)n;
      report.done++;
    }
    return 1;
  }
  ssize_t n = recv(c->fd, c->input + c->have, sizeof c->input - c->have, 0);
  if (n < 0 && errno == EAGAIN) return 1;
  if (n <= 0) return fail(n == 0 ? "early end of file" : "read"), 0;
  c->have += (size_t)n;
  report.bytes += (uint64_t)n;
  if (mode == WEBSOCKET && !c->upgraded) return on_upgraded(c);
  if (c->have < expected_length) return 1;
  if (c->have > expected_length || memcmp(c->input, expected, expected_length) != 0) return fail("wrong echo"), 0;
  hist_add(now_ns() - c->asked_ns);
  report.done++;
  if (mode == CONNECT) return 0;
  return ask(c);
}

static void prepare(const char *name) {
  for (size_t i = 0; i < size; i++) message[i] = (unsigned char)('a' + i % 26);
  memcpy(expected, message, size);
  message_length = expected_length = size;
  if (mode != WEBSOCKET) return;
  snprintf(upgrade, sizeof upgrade,
           "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", name);
  static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  size_t at = size < 126 ? 2 : 4;
  unsigned char text[SIZE_MAX_BYTES];
  memcpy(text, expected, size);
  message[0] = expected[0] = 0x81;
  expected[1] = (unsigned char)(size < 126 ? size : 126);
  message[1] = expected[1] | 0x80;
  if (at == 4) {
    message[2] = expected[2] = (unsigned char)(size >> 8);
    message[3] = expected[3] = (unsigned char)size;
  }
  memcpy(message + at, mask, 4);
  for (size_t i = 0; i < size; i++) message[at + 4 + i] = text[i] ^ mask[i & 3];
  memcpy(expected + at, text, size);
  message_length = at + 4 + size;
  expected_length = at + size;
}

static void run(struct conn *conns, int total, double seconds) {
  struct epoll_event events[EVENTS_MAX];
  report.started_ns = now_ns();
  uint64_t end = report.started_ns + (uint64_t)(seconds * 1e9), progressed = report.started_ns, last = 0;
  int next = 0;
  for (;;) {
    for (int i = 0; i < 64 && next < total; i++, next++) open_conn(&conns[next]);
    int count = epoll_wait(epoll, events, EVENTS_MAX, next < total ? 0 : 100);
    for (int i = 0; i < count; i++) {
      struct conn *c = events[i].data.ptr;
      int alive = 1;
      if (events[i].events & EPOLLOUT) alive = ask(c);
      else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) alive = on_input(c);
      if (alive) continue;
      close(c->fd);
      open_conn(c);
    }
    uint64_t now = now_ns();
    if (report.done != last) last = report.done, progressed = now;
    report.stalled = now - progressed > STALL_NS;
    if (now >= end || report.stalled || report.errors > 100000) break;
  }
  report.ended_ns = now_ns();
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  epoll = epoll_create1(EPOLL_CLOEXEC);
  port = (int)arg_number(argc, argv, "--port", 80);
  const char *name = arg_text(argc, argv, "--mode", "pingpong");
  mode = !strcmp(name, "connect") ? CONNECT : !strcmp(name, "bulk") ? BULK : !strcmp(name, "websocket") ? WEBSOCKET : PINGPONG;
  size = (size_t)arg_number(argc, argv, "--size", 64);
  if (size > SIZE_MAX_BYTES - 16) size = SIZE_MAX_BYTES - 16;
  prepare(arg_text(argc, argv, "--name", "localhost"));
  int total = (int)arg_number(argc, argv, "--conns", 32);
  if (total > CONNS_MAX) total = CONNS_MAX;
  struct conn *conns = calloc((size_t)total, sizeof *conns);
  for (int i = 0; i < total; i++) conns[i].index = i;
  run(conns, total, arg_number(argc, argv, "--seconds", 1));
  print_report();
  return 0;
}
