import { argon2id } from 'hash-wasm';
import { concat, fromBase64url, random, utf8, type Bytes } from './bytes';

/**
 * From what an officer knows or holds to a key. A PIN is short, so it is made
 * slow (Argon2id, 32 MiB, three passes: about a tenth of a second on a
 * laptop, half on a slow phone) and bound to a secret that the browser keeps
 * for this device and does not hand out (a non-extractable HMAC key): a copy
 * of the database alone is not enough to try PINs elsewhere.
 *
 * What this does not stop: somebody who copies the browser's whole profile
 * from an unlocked phone's disk has that device secret too and can try six
 * digits at leisure. The phone's own lock and disk encryption are the wall
 * there, a passphrase in place of a PIN makes it high, a passkey higher.
 */
export const argonCost = { memory: 32 * 1024, passes: 3, lanes: 1 };

export async function keyFromPin(pin: string, salt: Bytes, device: CryptoKey, cost = argonCost): Promise<CryptoKey> {
  const slow = (await argon2id({
    password: pin.normalize('NFKC'),
    salt,
    memorySize: cost.memory,
    iterations: cost.passes,
    parallelism: cost.lanes,
    hashLength: 32,
    outputType: 'binary',
  })) as Bytes;
  const bound = new Uint8Array(await crypto.subtle.sign('HMAC', device, slow));
  return wrapKey(concat(slow, bound), salt, 'lintas officer pin');
}

/** The key from a passkey's PRF output (WebAuthn Level 3), which never leaves the authenticator otherwise. */
export function keyFromPasskey(prf: Bytes, salt: Bytes): Promise<CryptoKey> {
  return wrapKey(prf, salt, 'lintas officer passkey');
}

async function wrapKey(secret: Bytes, salt: Bytes, info: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) }, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

export const newDeviceSecret = (): Promise<CryptoKey> => crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']);

interface PrfResults {
  prf?: { enabled?: boolean; results?: { first?: BufferSource } };
}

function bytesOf(source: BufferSource): Bytes {
  return source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength) as ArrayBuffer);
}

/** True where the browser can ask for a passkey at all; whether it gives a PRF is known only after trying. */
export const passkeysPossible = (): boolean => typeof PublicKeyCredential !== 'undefined' && window.isSecureContext;

/** Makes a passkey for this device only; hands back null when the authenticator gives no PRF. */
export async function makePasskey(label: string, input: Bytes): Promise<{ credential: string; prf: Bytes } | null> {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: random(32),
      rp: { name: 'Lintas' },
      user: { id: random(16), name: label, displayName: label },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      extensions: { prf: { eval: { first: input } } } as AuthenticationExtensionsClientInputs,
    },
  })) as PublicKeyCredential | null;
  if (!made) return null;
  const { prf } = made.getClientExtensionResults() as PrfResults;
  if (!prf?.enabled) return null;
  if (prf.results?.first) return { credential: made.id, prf: bytesOf(prf.results.first) };
  const asked = await askPasskey(made.id, input);
  return asked ? { credential: made.id, prf: asked } : null;
}

/** Asks the passkey for its secret; null when it gives none. */
export async function askPasskey(credential: string, input: Bytes): Promise<Bytes | null> {
  const got = (await navigator.credentials.get({
    publicKey: {
      challenge: random(32),
      allowCredentials: [{ type: 'public-key', id: fromBase64url(credential) }],
      userVerification: 'required',
      extensions: { prf: { eval: { first: input } } } as AuthenticationExtensionsClientInputs,
    },
  })) as PublicKeyCredential | null;
  const first = (got?.getClientExtensionResults() as PrfResults | undefined)?.prf?.results?.first;
  return first ? bytesOf(first) : null;
}
