/*
 * The deliberate bugs of the example, `example --mutant NAME`: what each does wrong, and every check of level T that it fails
 * (`gunyah-sim conform --level T --strict --hostile`). `npm run conform:self` compares.
 */
#ifndef MUTANTS_H
#define MUTANTS_H

/* clang-format off */
#define GR_MUTANTS(M) \
  M(IDENTITY_TRUSTED, "identity-trusted", "calls whatever hypervisor is underneath", \
    "DISC-1") \
  M(VERSION_TRUSTED, "version-trusted", "takes any API version", \
    "DISC-2") \
  M(RX_IRQ_GUESSED, "rx-irq-guessed", "adds 1 to the only interrupt of the node", \
    "DISC-5") \
  M(RX_CAP_GUESSED, "rx-cap-guessed", "adds 1 to the only capability of the node", \
    "DISC-6") \
  M(ANY_IRQ_SENDS, "any-irq-sends", "takes every interrupt for one of the send queue", \
    "DISC-7") \
  M(EARLY_DISCARDED, "early-discarded", "throws away what was queued before it attached", \
    "DISC-9") \
  M(STALE_REPLY, "stale-reply", "keeps a reply that nobody waits for, for the next call of that id", \
    "DISC-10 SEQ-7") \
  M(IGNORE_FULL, "ignore-full", "a packet that did not fit the queue counts as sent", \
    "XPORT-2 XPORT-5") \
  M(FULL_SPINS, "full-spins", "repeats a refused send without waiting", \
    "XPORT-5") \
  M(RESENDS_LAST, "resends-last", "repeats the packet that filled the queue", \
    "DISC-7 XPORT-1 XPORT-3 XPORT-4 XPORT-5 FRAME-6 SEQ-11") \
  M(ONE_PER_IRQ, "one-per-irq", "one packet per interrupt is taken, not all", \
    "DISC-9 XPORT-7 XPORT-9 XPORT-11 XPORT-13 XPORT-15 FRAG-1 FRAG-2 FRAG-4 FRAG-5 FRAG-6 FRAG-7 FRAG-8 " \
    "FRAG-9 FRAG-10 FRAG-12 FRAG-13 FRAG-14 FRAG-15 FRAG-16 FRAG-17 FRAG-18 FRAG-19 FRAG-20 FRAG-21 SEQ-4 " \
    "SEQ-5 SEQ-7 SEQ-8 SEQ-10 ERR-5 ERR-16 ROB-1 ROB-2 ROB-10") \
  M(NO_PUSH, "no-push", "the queue is not pushed", \
    "XPORT-6") \
  M(RECEIVE_ERROR_FATAL, "receive-error-fatal", "never receives again after an error", \
    "XPORT-13") \
  M(SPURIOUS_FATAL, "spurious-fatal", "takes an interrupt without a message for the end of the queue", \
    "DISC-7 XPORT-8 ROB-5") \
  M(SEND_ERROR_HANGS, "send-error-hangs", "does not end the call whose send failed", \
    "XPORT-14") \
  M(EMPTY_FOR_EVER, "empty-for-ever", "receives nothing for ever", \
    "XPORT-12") \
  M(SHORT_REQUEST, "short-request", "the last word of every request is missing", \
    "DISC-3 DISC-7 DISC-8 DISC-9 DISC-10 DISC-11 XPORT-1 XPORT-2 XPORT-3 XPORT-4 XPORT-5 XPORT-6 XPORT-7 " \
    "XPORT-8 XPORT-9 XPORT-10 XPORT-11 XPORT-12 XPORT-13 XPORT-14 XPORT-15 XPORT-16 FRAME-1 FRAME-2 " \
    "FRAME-3 FRAME-4 FRAME-5 FRAME-6 FRAG-1 FRAG-2 FRAG-3 FRAG-4 FRAG-5 FRAG-6 FRAG-7 FRAG-8 FRAG-9 " \
    "FRAG-10 FRAG-11 FRAG-12 FRAG-13 FRAG-14 FRAG-15 FRAG-16 FRAG-17 FRAG-18 FRAG-19 FRAG-20 FRAG-21 " \
    "SEQ-1 SEQ-4 SEQ-5 SEQ-6 SEQ-7 SEQ-8 SEQ-9 SEQ-10 SEQ-11 ERR-1 ERR-2 ERR-3 ERR-4 ERR-5 ERR-6 ERR-14 " \
    "ERR-15 ERR-16 NOTIF-16 NOTIF-18 ROB-1 ROB-2 ROB-5 ROB-8 ROB-9 ROB-10") \
  M(LONG_FRAGMENTS, "long-fragments", "cuts requests into 240 bytes beside the header", \
    "DISC-7 XPORT-1 XPORT-2 XPORT-3 XPORT-4 XPORT-5 XPORT-6 XPORT-14 XPORT-16 FRAME-3 FRAME-4 FRAME-5 " \
    "FRAME-6 SEQ-11") \
  M(COUNT_WHEN_FULL, "count-when-full", "announces one fragment too many when the last is full", \
    "XPORT-16 FRAME-3 FRAME-4") \
  M(CONTINUED_SEQ, "continued-seq", "continuations have sequence number 0", \
    "XPORT-6 XPORT-14 XPORT-16 FRAME-3 FRAME-5 FRAME-6") \
  M(API_BYTE, "api-byte", "byte 0 of the fourth request is 0x31", \
    "XPORT-16 FRAME-1 FRAME-3 SEQ-1 ERR-1 ERR-2 ERR-3 ERR-6 ERR-15 ERR-16 ROB-5 ROB-8") \
  M(EMPTY_REFUSED, "empty-refused", "cannot send a request without payload", \
    "DISC-10 XPORT-11 XPORT-15 XPORT-16 FRAME-2 FRAG-1 FRAG-2 FRAG-3 FRAG-4 FRAG-5 FRAG-6 FRAG-7 FRAG-12 " \
    "FRAG-13 FRAG-15 FRAG-17 FRAG-21 SEQ-4 SEQ-5 SEQ-7 SEQ-8 SEQ-9 SEQ-10 ERR-1 ERR-2 ERR-3 ERR-4 ERR-5 " \
    "ERR-15 ERR-16 NOTIF-16 ROB-1 ROB-2 ROB-9") \
  M(NO_SIZE_LIMIT, "no-size-limit", "sends more than 63 fragments", \
    "FRAME-4") \
  M(NO_REASSEMBLY, "no-reassembly", "only the first fragment of a message is read", \
    "FRAG-1 FRAG-2 FRAG-3 FRAG-4 FRAG-5 FRAG-6 FRAG-7 FRAG-8 FRAG-9 FRAG-10 FRAG-12 FRAG-13 FRAG-14 " \
    "FRAG-15 FRAG-16 FRAG-17 FRAG-19 FRAG-20 ERR-16") \
  M(SHORT_FRAGMENTS, "short-fragments", "takes 228 bytes of every fragment", \
    "FRAG-1 FRAG-2 FRAG-3 FRAG-4 FRAG-5 FRAG-6 FRAG-7 FRAG-8 FRAG-9 FRAG-10 FRAG-12 FRAG-13 FRAG-15 " \
    "FRAG-16 FRAG-17 FRAG-19 ERR-16") \
  M(EMPTY_DROPPED, "empty-dropped", "drops continuations without content", \
    "FRAG-7") \
  M(CONTINUED_ID_UNCHECKED, "continued-id", "does not look at the id of continuations", \
    "FRAG-8 FRAG-20") \
  M(CONTINUED_COUNT_UNCHECKED, "continued-count", "does not look at the count of continuations", \
    "FRAG-9") \
  M(CONTINUED_SEQ_UNCHECKED, "continued-any-seq", "does not look at the sequence number of continuations", \
    "FRAG-10") \
  M(STRAY_CRASH, "stray-crash", "follows a stale pointer at a continuation of nothing", \
    "FRAG-11 FRAG-12 FRAG-20 FRAG-21 ERR-16") \
  M(NOTE_KILLS_REPLY, "note-kills-reply", "drops a half assembled reply when a notification comes", \
    "FRAG-15") \
  M(NOTE_ONE_FRAGMENT, "note-one-fragment", "drops fragmented notifications", \
    "FRAG-16") \
  M(COUNT_UNCHECKED, "count-63", "accepts messages of 64 fragments", \
    "FRAG-18") \
  M(FIRST_TWICE, "first-twice", "appends a repeated first fragment", \
    "FRAG-19") \
  M(SAME_SEQ, "same-seq", "every request has sequence number 0", \
    "SEQ-9 ERR-14 ROB-8") \
  M(MATCH_ID_ONLY, "match-id-only", "matches replies by their id alone", \
    "SEQ-4") \
  M(MATCH_SEQ_ONLY, "match-seq-only", "matches replies by their sequence number alone", \
    "SEQ-5 SEQ-8") \
  M(LEAKS_ON_ERROR, "leaks-on-error", "never frees the sequence number of a call that ended with an error", \
    "SEQ-3 ERR-1 ERR-2 ERR-3 ERR-4 ERR-5") \
  M(NO_CANCEL, "no-cancel", "cannot give a call up", \
    "FRAG-13 FRAG-14 FRAG-18 FRAG-20 SEQ-9 ERR-14 ROB-8") \
  M(ONE_CODE, "one-code", "maps the codes up to 0x11 to one", \
    "ERR-1 ERR-4") \
  M(LATE_CODES_OK, "late-codes-ok", "takes codes 0x12 to 0x14 for success", \
    "ERR-2") \
  M(NEW_CODES_OK, "new-codes-ok", "takes unknown codes for success", \
    "ERR-3") \
  M(SHORT_REPLY_HANGS, "short-reply-hangs", "does not end the call whose reply is too short", \
    "ERR-6") \
  M(NO_MEMORY_HANGS, "no-memory-hangs", "does not end the call for whose reply there is no memory", \
    "ERR-16") \
  M(DROP_NOTES, "drop-notes", "notifications are thrown away", \
    "DISC-9 XPORT-7 XPORT-9 XPORT-10 XPORT-13 XPORT-15 FRAG-15 FRAG-16 SEQ-10 ERR-16 NOTIF-16 ROB-10") \
  M(HANDLER_BLOCKS, "handler-blocks", "receives nothing any more while a handler calls", \
    "NOTIF-16") \
  M(REPLY_IS_NOTE, "reply-is-note", "delivers replies that nobody waits for as notifications", \
    "NOTIF-18") \
  M(JUNK_ENDS_LOOP, "junk-ends-loop", "leaves the receive loop at the first message that it does not understand", \
    "XPORT-11 ROB-1 ROB-2") \
  M(API_BYTE_UNCHECKED, "api-byte-unchecked", "does not look at byte 0", \
    "ROB-1") \
  M(REQUEST_IS_REPLY, "request-is-reply", "takes requests for replies", \
    "ROB-2") \
  M(STORM_DEAF, "storm-deaf", "turns the interrupt off after ten without a message", \
    "ROB-5")
/* clang-format on */

#define GR_MUTANT_ID(id, name, about, fails) GR_BUG_##id,
enum gr_bug { GR_BUG_NONE, GR_MUTANTS(GR_MUTANT_ID) GR_BUG_COUNT };

#endif
