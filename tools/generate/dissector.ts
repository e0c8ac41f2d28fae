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
  direction = ProtoField.uint8("gunyah_rm.direction", "Direction", base.DEC, {[0] = "to RM", [1] = "from RM"}),
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
local short = ProtoExpert.new("gunyah_rm.short", "Bytes are missing", expert.group.MALFORMED, expert.severity.WARN)
proto.experts = {short}

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

-- The payload of one packet; of a fragmented message as much of it as the first packet has.
local function dissect_payload(p, buf, tree, start, partial)
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
    if got < want and not partial then tree:add_proto_expert_info(short) end
  end
end

function proto.dissector(buf, pinfo, root)
  if buf:len() < 16 then return 0 end
  pinfo.cols.protocol = "Gunyah RM"
  local tree = root:add(proto, buf())
  local from_rm = buf(1, 1):uint() == 1
  tree:add_le(F.direction, buf(1, 1))
  tree:add_le(F.vmid, buf(2, 2))
  tree:add_le(F.queue, buf(4, 4))
  tree:add_le(F.time, buf(8, 8))
  local vm = "VM " .. buf(2, 2):le_uint()
  pinfo.cols.src = from_rm and "RM" or vm
  pinfo.cols.dst = from_rm and vm or "RM"
  if buf:len() < 24 then
    pinfo.cols.info = "too short"
    tree:add_proto_expert_info(short)
    return buf:len()
  end
  tree:add(F.version, buf(16, 1))
  tree:add(F.words, buf(16, 1))
  tree:add(F.type, buf(17, 1))
  tree:add(F.fragments, buf(17, 1))
  tree:add_le(F.seq, buf(18, 2))
  tree:add_le(F.id, buf(20, 4))
  local kind, fragments, id = buf(17, 1):uint() % 4, math.floor(buf(17, 1):uint() / 4), buf(20, 4):le_uint()
  local m = MESSAGES[id]
  local info = string.format("%s %s seq %d", TYPES[kind], m and m.name or string.format("0x%x", id), buf(18, 2):le_uint())
  if buf:len() > 24 then
    local body = buf(24):tvb()
    local sub = tree:add(F.content, buf(24))
    if kind == 2 and body:len() >= 4 then
      sub:add_le(F.error, body(0, 4))
      local code = body(0, 4):le_uint()
      info = info .. " " .. (ERRORS[code] or code)
      if code == 0 and m and m.reply then dissect_payload(m.reply, body, sub, 4, fragments > 0) end
    elseif (kind == 1 or kind == 3) and m and m.payload then dissect_payload(m.payload, body, sub, 0, fragments > 0)
    end
  end
  if fragments > 0 then info = info .. string.format(" (%d more)", fragments) end
  pinfo.cols.info = info
  return buf:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, proto)
`;

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
