/*
 * Upper tester: what lets `gunyah-sim conform` drive a client (docs/conformance.md 4). Lines on stdin, lines on stdout.
 *
 * A client calls ut_hello once, then polls UT_FD beside its own descriptors and calls ut_read when it is readable.
 */
#ifndef UPPER_TESTER_H
#define UPPER_TESTER_H

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UT_FD STDIN_FILENO
#define UT_MAX_PAYLOAD 15000
#define UT_MAX_LINE (2 * UT_MAX_PAYLOAD + 128)

struct ut_command {
  /* "call", "cancel", "audit", "onnotify", "sync", "nomem", "vm". */
  char verb[16];
  uint32_t ticket;
  /* Of a call. */
  uint32_t id;
  uint8_t payload[UT_MAX_PAYLOAD];
  uint32_t size;
  /* Everything after the verb. */
  const char *words;
};

struct ut {
  char line[UT_MAX_LINE];
  size_t length;
  struct ut_command command;
};

/*
 * First line: level "T" (calls and notifications) or "V" (VMs too), and optional features behind it: "sync" (this client answers
 * `sync` once it has handled what came before, so that the suite need not wait to see whether it is idle), "alloc" (`nomem`).
 */
static inline void ut_hello(const char *level) {
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  printf("hello %s\n", level);
}

/* First line instead: discovery found nothing that this client can use. */
static inline void ut_refused(const char *reason) {
  printf("refused %s\n", reason);
  fflush(stdout);
}

static inline void ut_hex(const uint8_t *bytes, uint32_t size) {
  if (size == 0) fputs(" -", stdout);
  else putchar(' ');
  for (uint32_t i = 0; i < size; i++) {
    putchar("0123456789abcdef"[bytes[i] >> 4]);
    putchar("0123456789abcdef"[bytes[i] & 15]);
  }
  putchar('\n');
  fflush(stdout);
}

/* The reply to a call: RM's error code and the bytes behind it. */
static inline void ut_reply(uint32_t ticket, uint32_t error, const uint8_t *data, uint32_t size) {
  printf("reply %u %x", ticket, error);
  ut_hex(data, size);
}

/* A call that ended without a reply that makes sense. */
static inline void ut_failed(uint32_t ticket, const char *reason) {
  printf("failed %u %s\n", ticket, reason);
  fflush(stdout);
}

static inline void ut_notify(uint32_t id, const uint8_t *payload, uint32_t size) {
  printf("notify %x", id);
  ut_hex(payload, size);
}

/* Requests and sequence numbers that the client still holds. */
static inline void ut_audit(uint32_t ticket, uint32_t held) {
  printf("audit %u %u\n", ticket, held);
  fflush(stdout);
}

/* A command without another answer is done. */
static inline void ut_done(uint32_t ticket) {
  printf("done %u ok\n", ticket);
  fflush(stdout);
}

/* Everything that came before the command `sync` has been handled. */
static inline void ut_synced(uint32_t ticket) {
  printf("synced %u\n", ticket);
  fflush(stdout);
}

static inline uint32_t ut_bytes(const char *hex, uint8_t *to) {
  uint32_t n = 0;
  for (; n < UT_MAX_PAYLOAD && isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]); hex += 2) {
    char pair[3] = {hex[0], hex[1], 0};
    to[n++] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return n;
}

/* Reads what is there; 1: ut->command is the next command (call again for more), 0: no whole line, -1: the end. */
static inline int ut_read(struct ut *ut, int readable) {
  char *end = memchr(ut->line, '\n', ut->length);
  if (end == NULL && readable) {
    ssize_t n = read(UT_FD, ut->line + ut->length, sizeof ut->line - 1 - ut->length);
    if (n <= 0) return -1;
    ut->length += (size_t)n;
    end = memchr(ut->line, '\n', ut->length);
  }
  if (end == NULL) return 0;
  static char copy[UT_MAX_LINE];
  size_t size = (size_t)(end - ut->line);
  memcpy(copy, ut->line, size);
  copy[size] = 0;
  ut->length -= size + 1;
  memmove(ut->line, end + 1, ut->length);
  struct ut_command *c = &ut->command;
  memset(c->verb, 0, sizeof c->verb);
  c->ticket = c->id = c->size = 0;
  int at = 0, hex = 0;
  sscanf(copy, "%15s %n", c->verb, &at);
  c->words = copy + at;
  if (strcmp(c->verb, "call") == 0 && sscanf(c->words, "%u %x %n", &c->ticket, &c->id, &hex) >= 2 && hex > 0)
    c->size = ut_bytes(c->words + hex, c->payload);
  else sscanf(c->words, "%u", &c->ticket);
  return 1;
}

#endif
