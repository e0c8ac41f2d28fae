/** Emits clients/wireshark/gunyah-rm.lua: a Wireshark dissector for packets of RM links, field by field. */
import { type Data, type Field, layouts, listLayouts, type Payload } from './layout.js';
import type { Spec } from './spec.js';

const s = (text: string): string => JSON.stringify(text).replace(/\u007f/g, '');
const key = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '_');

function field(spec: Spec, prefix: string, f: Field): string {
  const parts = [`n=${s(f.name)}`, `k=${s(`${prefix}.${key(f.name)}`)}`, `o=${f.off}`, `s=${f.size}`];
  if (f.enum && spec.enums.enum.some((e) => e.name === f.enum)) parts.push(`e=${s(f.enum)}`);
  else if (['hex', 'cap', 'ipa', 'size', 'handle'].includes(f.kind ?? '') || f.flags) parts.push('x=true');
  if (f.countOf) parts.push(`count=${s(f.countOf)}`);
  if (f.lenOf) parts.push(`len=${s(f.lenOf)}`);
  return `{${parts.join(',')}}`;
}

function data(prefix: string, d: Data): string {
  const parts = [`kind=${s(d.kind)}`, `n=${s(d.name)}`, `k=${s(`${prefix}.${key(d.name)}`)}`];
  if (d.list) parts.push(`list=${s(d.list)}`);
  if (d.special) parts.push(`special=${s(d.special)}`);
  if (d.text) parts.push('text=true');
  return `{${parts.join(',')}}`;
}

const payload = (spec: Spec, prefix: string, p: Payload): string =>
  `{fields={${p.fields.map((f) => field(spec, prefix, f)).join(',')}},data={${p.data.map((d) => data(prefix, d)).join(',')}}}`;

const ENGINE = `
local proto = Proto("gunyah_rm", "Gunyah Resource Manager RPC")
local TYPES = {[0] = "CONTINUED", [1] = "REQUEST", [2] = "REPLY", [3] = "NOTIFICATION"}
local names = {}
for id, m in pairs(MESSAGES) do names[id] = m.name end
local F = {
  direction = ProtoField.uint8("gunyah_rm.direction", "Direction", base.DEC, {[0] = "to RM", [1] = "from RM", [2] = "between VMs"}),
  vmid = ProtoField.uint16("gunyah_rm.vmid", "VM", base.DEC),
  queue = ProtoField.uint32("gunyah_rm.queue", "Queue", base.DEC),
  time = ProtoField.uint64("gunyah_rm.time", "Virtual time (ns)", base.DEC),
  version = ProtoField.uint8("gunyah_rm.version", "Version", base.DEC, nil, 0x0f),
  words = ProtoField.uint8("gunyah_rm.header_words", "Header words", base.DEC, nil, 0xf0),
  type = ProtoField.uint8("gunyah_rm.type", "Type", base.DEC, TYPES, 0x03),
  fragments = ProtoField.uint8("gunyah_rm.fragments", "Additional fragments", base.DEC, nil, 0xfc),
  seq = ProtoField.uint16("gunyah_rm.seq", "Sequence", base.DEC),
  id = ProtoField.uint32("gunyah_rm.id", "Message", base.HEX, names),
  error = ProtoField.uint32("gunyah_rm.error", "Error", base.DEC, ERRORS),
  content = ProtoField.bytes("gunyah_rm.content", "Content"),
  message = ProtoField.bytes("gunyah_rm.message", "Reassembled message"),
  message_length = ProtoField.uint32("gunyah_rm.message.length", "Reassembled length", base.DEC),
  fragment = ProtoField.uint8("gunyah_rm.fragment", "Fragment", base.DEC),
  fragment_count = ProtoField.uint8("gunyah_rm.fragment.count", "Fragments of the message", base.DEC),
  first_frame = ProtoField.framenum("gunyah_rm.fragment.first", "Message begins in frame", base.NONE, frametype.NONE),
  reassembled_in = ProtoField.framenum("gunyah_rm.reassembled_in", "Reassembled in frame", base.NONE, frametype.NONE),
}
local MAKE = {[1] = ProtoField.uint8, [2] = ProtoField.uint16, [4] = ProtoField.uint32, [8] = ProtoField.uint64}
local function declare(k, f)
  if F[k] then return end
  if not f.s or f.s == 16 then F[k] = (f.text and ProtoField.string or ProtoField.bytes)("gunyah_rm." .. k, f.n)
  else F[k] = MAKE[f.s]("gunyah_rm." .. k, f.n, f.x and base.HEX or base.DEC, f.e and ENUMS[f.e] or nil) end
end
for _, l in pairs(LISTS) do for _, f in ipairs(l.fields) do declare(f.k, f) end end
for _, m in pairs(MESSAGES) do
  for _, p in ipairs({m.payload or false, m.reply or false}) do
    if p then
      for _, f in ipairs(p.fields) do declare(f.k, f) end
      for _, d in ipairs(p.data) do declare(d.k, {n = d.n, text = d.text}) end
    end
  end
end
local all = {}
for _, f in pairs(F) do all[#all + 1] = f end
proto.fields = all
local E = {}
local function complaint(k, text, group, severity)
  E[#E + 1] = ProtoExpert.new("gunyah_rm." .. k, text, group, severity)
  return E[#E]
end
local MALFORMED, SEQUENCE = expert.group.MALFORMED, expert.group.SEQUENCE
local short = complaint("short", "Bytes are missing", MALFORMED, expert.severity.WARN)
local bad_header = complaint("bad_header", "Not a header that RM looks at", MALFORMED, expert.severity.ERROR)
local orphan = complaint("fragment.orphan", "A continuation without a beginning", SEQUENCE, expert.severity.ERROR)
local misfit = complaint("fragment.misfit", "A continuation of another message", SEQUENCE, expert.severity.ERROR)
local interrupted =
  complaint("fragment.interrupted", "The message before this one is not complete", SEQUENCE, expert.severity.WARN)
local unfinished = complaint("fragment.unfinished", "The rest of this message never came", SEQUENCE, expert.severity.WARN)
local not_full = complaint("fragment.not_full", "A fragment that is not full, before the last", expert.group.PROTOCOL, expert.severity.NOTE)
proto.experts = E

local function add_field(tree, buf, at, f, base_at)
  local from = base_at + f.o
  if from + f.s > buf:len() then return nil end
  tree:add_le(F[f.k], buf(from, f.s))
  if f.s == 16 then return 0 end
  return f.s == 8 and buf(from, 4):le_uint() or buf(from, f.s):le_uint()
end

local function add_entries(tree, buf, at, list, name, count)
  for i = 1, count do
    if at + list.size > buf:len() then return at, i - 1 end
    local sub = tree:add(buf(at, list.size), name .. " " .. (i - 1))
    for _, f in ipairs(list.fields) do add_field(sub, buf, at, f, at) end
    at = at + list.size
  end
  return at, count
end

local function add_ids(tree, buf, at, d, count)
  for _ = 1, count do
    if at + 4 > buf:len() then return at end
    local size = buf(at + 2, 2):le_uint()
    local last = math.min(at + 4 + size, buf:len())
    local sub = tree:add(buf(at, last - at), d.n)
    for _, f in ipairs(LISTS.ID.fields) do add_field(sub, buf, at, f, at) end
    if last > at + 4 then sub:add(F[d.k], buf(at + 4, last - at - 4)) end
    at = at + 4 + math.floor((size + 3) / 4) * 4
  end
  return at
end

-- Messages of several packets. RM and its clients send the fragments of a message one after the other, so each direction of a link
-- has at most one that is not complete. Frames are noted on the first pass, which goes through them in order.
local open, frames = {}, {}
function proto.init() open, frames = {}, {} end

-- What is known about a fragment: its number, of how many, the first and the last frame of the message, what is wrong with it.
local function note_fragment(number, stream, h, content)
  local before = open[stream]
  local note = {wrong = {}}
  frames[number] = note
  if h.kind ~= 0 then
    if before then note.wrong[#note.wrong + 1] = {interrupted, before.first} end
    open[stream] = nil
    if h.fragments == 0 then return end
    local message = {first = number, number = 1, count = h.fragments + 1, h = h, data = ByteArray.new()}
    message.data:append(content)
    note.message, note.index = message, 0
    open[stream] = message
  elseif before == nil then
    note.wrong[#note.wrong + 1] = {orphan}
    return
  elseif before.h.seq ~= h.seq or before.h.id ~= h.id or before.h.fragments ~= h.fragments then
    note.wrong[#note.wrong + 1] = {misfit, before.first}
    return
  else
    before.data:append(content)
    note.message, note.index = before, before.number
    before.number = before.number + 1
  end
  local message = note.message
  if message.number == message.count then
    message.last = number
    open[stream] = nil
  elseif content:len() < MAX_CONTENT then note.wrong[#note.wrong + 1] = {not_full} end
end

local function dissect_payload(p, buf, tree, start)
  local at, counts, first = start, {}, nil
  for _, f in ipairs(p.fields) do
    local value = add_field(tree, buf, at, f, 0)
    if value == nil then return end
    if first == nil then first = value end
    at = f.o + f.s
    if f.count then counts[f.count] = value end
    if f.len then counts[f.len] = value end
  end
  for _, d in ipairs(p.data) do
    local list = d.list and LISTS[d.list]
    local want, got = 0, 0
    if d.kind == "list" then
      if at + 4 > buf:len() then return end
      want = buf(at, 2):le_uint()
      at, got = add_entries(tree, buf, at + 4, list, d.n, want)
    elseif d.kind == "entries" then
      want = counts[d.n] or 0
      at, got = add_entries(tree, buf, at, list, d.n, want)
    elseif d.kind == "bytes" then
      want = counts[d.n] or 0
      got = math.min(want, math.max(buf:len() - at, 0))
      if got > 0 then tree:add(F[d.k], buf(at, got)) end
      at = at + math.floor((got + 3) / 4) * 4
    elseif d.special == "ids" then at = add_ids(tree, buf, at, d, counts[d.n] or 0)
    else
      want = (counts[d.n] or 0) % 0x10000
      at, got = add_entries(tree, buf, at, first == 1 and LISTS.IPA_ALLOC or LISTS.IPA_FIXED, d.n, want)
    end
    if got < want then tree:add_proto_expert_info(short) end
  end
end

-- A whole message. Returns what the info column says about it.
local function dissect_message(kind, m, body, tree)
  if kind == 2 then
    if body:len() < 4 then
      tree:add_proto_expert_info(short)
      return ""
    end
    tree:add_le(F.error, body(0, 4))
    local code = body(0, 4):le_uint()
    if code == 0 and m and m.reply then dissect_payload(m.reply, body, tree, 4) end
    return " " .. (ERRORS[code] or code)
  end
  if m and m.payload then dissect_payload(m.payload, body, tree, 0) end
  return ""
end

local function dissect_fragment(note, number, m, tree)
  for _, w in ipairs(note.wrong) do
    tree:add_proto_expert_info(w[1])
    if w[2] then tree:add(F.first_frame, w[2]):set_generated() end
  end
  local message = note.message
  if message == nil then return "" end
  tree:add(F.fragment, note.index):set_generated()
  tree:add(F.fragment_count, message.count):set_generated()
  if note.index > 0 then tree:add(F.first_frame, message.first):set_generated() end
  local info = string.format(" [%d of %d]", note.index + 1, message.count)
  if message.last == nil then
    -- Known once every frame has been seen.
    if message.whole_file_seen then tree:add_proto_expert_info(unfinished) end
    return info
  end
  if number ~= message.last then
    tree:add(F.reassembled_in, message.last):set_generated()
    return info
  end
  local size = message.data:len()
  tree:add(F.message_length, size):set_generated()
  if size == 0 then return info end
  local body = message.data:tvb("Reassembled RM message")
  local sub = tree:add(F.message, body())
  return info .. dissect_message(message.h.kind, m, body, sub)
end

local function dissect_packet(buf, pinfo, tree, stream)
  if buf:len() < 24 then
    tree:add_proto_expert_info(short)
    return "too short"
  end
  tree:add(F.version, buf(16, 1))
  tree:add(F.words, buf(16, 1))
  tree:add(F.type, buf(17, 1))
  tree:add(F.fragments, buf(17, 1))
  tree:add_le(F.seq, buf(18, 2))
  tree:add_le(F.id, buf(20, 4))
  local h = {
    kind = buf(17, 1):uint() % 4,
    fragments = math.floor(buf(17, 1):uint() / 4),
    seq = buf(18, 2):le_uint(),
    id = buf(20, 4):le_uint(),
  }
  local m = MESSAGES[h.id]
  local info = string.format("%s %s seq %d", TYPES[h.kind], m and m.name or string.format("0x%x", h.id), h.seq)
  local has_content = buf:len() > 24
  if buf(16, 1):uint() ~= BYTE0 or h.fragments > MAX_FRAGMENTS then
    tree:add_proto_expert_info(bad_header)
    if has_content then tree:add(F.content, buf(24)) end
    return info .. " (ignored)"
  end
  if not pinfo.visited then note_fragment(pinfo.number, stream, h, has_content and buf(24):bytes() or ByteArray.new()) end
  local note = frames[pinfo.number]
  if note and pinfo.visited and note.message then note.message.whole_file_seen = true end
  local sub = has_content and tree:add(F.content, buf(24)) or tree
  if note then info = info .. dissect_fragment(note, pinfo.number, m, tree) end
  if h.kind ~= 0 and h.fragments == 0 then
    if has_content then info = info .. dissect_message(h.kind, m, buf(24):tvb(), sub)
    elseif h.kind == 2 or (m and m.payload and #m.payload.fields > 0) then tree:add_proto_expert_info(short) end
  end
  return info
end

function proto.dissector(buf, pinfo, root)
  if buf:len() < 16 then return 0 end
  pinfo.cols.protocol = "Gunyah RM"
  local tree = root:add(proto, buf())
  local direction = buf(1, 1):uint()
  tree:add_le(F.direction, buf(1, 1))
  tree:add_le(F.vmid, buf(2, 2))
  tree:add_le(F.queue, buf(4, 4))
  tree:add_le(F.time, buf(8, 8))
  local vm = "VM " .. buf(2, 2):le_uint()
  if direction == 2 then
    local queue = "queue " .. buf(4, 4):le_uint()
    pinfo.cols.src, pinfo.cols.dst = vm, queue
    pinfo.cols.info = string.format("%d bytes", buf:len() - 16)
    if buf:len() > 16 then tree:add(F.content, buf(16)) end
    return buf:len()
  end
  pinfo.cols.src = direction == 1 and "RM" or vm
  pinfo.cols.dst = direction == 1 and vm or "RM"
  local stream = string.format("%d %d %d", direction, buf(2, 2):le_uint(), buf(4, 4):le_uint())
  pinfo.cols.info = dissect_packet(buf, pinfo, tree, stream)
  return buf:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, proto)
`;

function constant(spec: Spec, name: string): number {
  const found = spec.platform.constant.find((c) => c.name === name);
  if (found === undefined) throw new Error(`spec/platform.toml has no constant ${name}`);
  return found.value;
}

export function dissectorLua(spec: Spec): string {
  const lists = [...listLayouts(spec).values()].map(
    ({ entry, fields }) =>
      `  ${entry.name} = {size=${entry.size},fields={${fields.map((f) => field(spec, key(entry.name), f)).join(',')}}},`,
  );
  const messages = layouts(spec).map((l) => {
    const kind = l.kind === 'request' ? 'request' : 'notification';
    const name = key(l.message.name);
    const parts = [`name=${s(l.message.name)}`];
    if (l.message.implemented !== false) parts.push(`payload=${payload(spec, `${name}.${kind}`, l.payload)}`);
    if (l.reply) parts.push(`reply=${payload(spec, `${name}.reply`, l.reply)}`);
    return `  [0x${l.message.id.toString(16)}] = {${parts.join(',')}},`;
  });
  const values = (rows: [string, number][]): string => rows.map(([name, v]) => `[${v}]=${s(name)}`).join(',');
  return `-- Wireshark dissector for packets of Gunyah's Resource Manager as gunyah-sim writes them (--pcap): link type USER0.
-- wireshark -X lua_script:gunyah-rm.lua file.pcapng
-- Generated from spec/ by tools/generate.ts; edit the specification, not this file.
local BYTE0 = 0x21
local MAX_CONTENT = ${constant(spec, 'RPC_MAX_CONTENT')}
local MAX_FRAGMENTS = ${constant(spec, 'RPC_MAX_FRAGMENTS')}
local ERRORS = {${values(spec.errors.rm.map((e) => [e.name, e.value]))}}
local ENUMS = {
${spec.enums.enum.map((e) => `  ${e.name} = {${values(Object.entries(e.values))}},`).join('\n')}
}
local LISTS = {
${lists.join('\n')}
}
local MESSAGES = {
${messages.join('\n')}
}
${ENGINE}`;
}
