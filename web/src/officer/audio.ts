/**
 * Reads a text aloud: the workbook's own recording first, a voice of the
 * device second, and when there is neither the screen says so. A voice that
 * is not on the device is never used: it would send the text to a stranger.
 */
export type Sound = 'media' | 'voice' | 'none';

let playing: HTMLAudioElement | null = null;
let url = '';

export function hush(): void {
  if (playing) {
    playing.pause();
    playing.removeAttribute('src');
    playing = null;
  }
  if (url) URL.revokeObjectURL(url);
  url = '';
  globalThis.speechSynthesis?.cancel();
}

/** The voice of the device for a language; remote voices do not count. */
export function voiceFor(code: string): SpeechSynthesisVoice | null {
  const base = code.toLowerCase().split('-')[0] ?? '';
  if (base === '' || !globalThis.speechSynthesis) return null;
  return speechSynthesis.getVoices().find((voice) => voice.localService && (voice.lang.toLowerCase().split(/[-_]/)[0] ?? '') === base) ?? null;
}

/** Browsers fill the list of voices late; waits for it at most a moment. */
export function voicesReady(): Promise<void> {
  const synth = globalThis.speechSynthesis;
  if (!synth || synth.getVoices().length > 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 800);
    synth.addEventListener('voiceschanged', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** What would be heard, so that the screen can say it before anybody presses. */
export function soundFor(recording: Blob | null, language: string): Sound {
  if (recording) return 'media';
  return voiceFor(language) ? 'voice' : 'none';
}

function play(blob: Blob): Promise<void> {
  url = URL.createObjectURL(blob);
  const audio = new Audio(url);
  playing = audio;
  return new Promise((resolve, reject) => {
    audio.onended = () => resolve();
    audio.onpause = () => resolve();
    audio.onerror = () => reject(new Error('This recording cannot be played.'));
    audio.play().catch(reject);
  });
}

function say(text: string, voice: SpeechSynthesisVoice): Promise<void> {
  return new Promise((resolve) => {
    const speech = new SpeechSynthesisUtterance(text);
    speech.voice = voice;
    speech.lang = voice.lang;
    speech.rate = 0.9;
    speech.onend = speech.onerror = () => resolve();
    speechSynthesis.speak(speech);
  });
}

/** Reads one thing aloud and says how; stops what was being read. */
export async function read(text: string, recording: Blob | null, language: string): Promise<Sound> {
  hush();
  if (recording) {
    try {
      await play(recording);
      return 'media';
    } catch {
      // a broken recording: the voice is better than silence
    }
  }
  const voice = voiceFor(language);
  if (!voice || text.trim() === '') return 'none';
  await say(text, voice);
  return 'voice';
}
