import { concat, random, text, utf8, type Bytes } from './bytes';

/**
 * AES-256-GCM with a fresh 96-bit nonce before the ciphertext. `place` is
 * authenticated beside it, so that a record moved to another officer, kind or
 * id does not open.
 */
export async function seal(key: CryptoKey, place: string, plain: Bytes): Promise<Bytes> {
  const iv = random(12);
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(place) }, key, plain);
  return concat(iv, new Uint8Array(cipher));
}

export async function open(key: CryptoKey, place: string, sealed: Bytes): Promise<Bytes> {
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.slice(0, 12), additionalData: utf8(place) }, key, sealed.slice(12));
  return new Uint8Array(plain);
}

export const sealJson = (key: CryptoKey, place: string, value: unknown): Promise<Bytes> => seal(key, place, utf8(JSON.stringify(value)));
export const openJson = async <T>(key: CryptoKey, place: string, sealed: Bytes): Promise<T> => JSON.parse(text(await open(key, place, sealed))) as T;
