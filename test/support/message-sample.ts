/** One message of the protocol for property tests: bytes of valid messages, and bytes broken on purpose. */
import fc from 'fast-check';

export interface MessageSample {
  readonly id: number;
  readonly kind: 'request' | 'reply' | 'notification';
  readonly name: string;
  /** Payloads as a correct sender makes them. */
  readonly bytes: fc.Arbitrary<Uint8Array>;
  /** Payloads with a length, count or byte wrong. */
  readonly broken: fc.Arbitrary<Uint8Array>;
  /** Encodes a random value, decodes it, and returns both; they must be equal. */
  readonly roundTrip: fc.Arbitrary<{ value: unknown; decoded: unknown }>;
}

/** Cuts, lengthens, or overwrites bytes. */
function spoil(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const mutation = fc.oneof(
    fc.record({ how: fc.constant('cut' as const), at: fc.nat(200), value: fc.constant(0) }),
    fc.record({ how: fc.constant('extend' as const), at: fc.integer({ min: 1, max: 20 }), value: fc.nat(255) }),
    fc.record({ how: fc.constant('set' as const), at: fc.nat(200), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) }),
  );
  return fc.tuple(bytes, fc.array(mutation, { minLength: 1, maxLength: 3 })).map(([b, mutations]) => {
    let out = b;
    for (const m of mutations) {
      if (m.how === 'cut') out = out.slice(0, out.length === 0 ? 0 : m.at % out.length);
      else if (m.how === 'extend') {
        const longer = new Uint8Array(out.length + m.at).fill(m.value);
        longer.set(out);
        out = longer;
      } else if (out.length > 0) {
        out = out.slice();
        out[m.at % out.length] = m.value;
      }
    }
    return out;
  });
}

export function sample<T>(
  id: number,
  kind: MessageSample['kind'],
  name: string,
  values: fc.Arbitrary<T>,
  encode: (m: T) => Uint8Array,
  decode: (b: Uint8Array) => T | undefined,
): MessageSample {
  const bytes = values.map(encode);
  return {
    id,
    kind,
    name,
    bytes,
    broken: spoil(bytes),
    roundTrip: values.map((value) => ({ value, decoded: decode(encode(value)) })),
  };
}

/** A message without payload. */
export const empty = (id: number, kind: MessageSample['kind'], name: string): MessageSample =>
  sample<Record<never, never>>(
    id,
    kind,
    name,
    fc.constant({}),
    () => new Uint8Array(0),
    (b) => (b.length === 0 ? {} : undefined),
  );
