/**
 * The pages run under `require-trusted-types-for 'script'`: a plain string
 * given to a place that could run script is refused by the browser. The one
 * policy of ours lets through exactly two things: the addresses of our
 * own service workers, and XML for DOMParser, which runs nothing.
 */
interface Policy {
  createHTML(text: string): string;
  createScriptURL(url: string): string;
}
interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

const workers = new Set(['/app/sw.js', '/exercise/sw.js', '/displacement/sw.js', '/notice-worker.js']);
const rules: Policy = {
  createHTML: (text) => text,
  createScriptURL: (url) => {
    if (!workers.has(url)) throw new TypeError('Only a service worker of Lintas may be started.');
    return url;
  },
};
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory ? factory.createPolicy('lintas', rules) : rules;

export const workerAddress = (url: string): string => policy.createScriptURL(url);

/**
 * The form engine reads XForms by DOMParser and knows nothing of Trusted
 * Types. XML documents only: text/html stays refused.
 */
export function letEngineParseXml(): void {
  if (!factory) return;
  const { prototype } = DOMParser;
  const parse = prototype.parseFromString as (this: DOMParser, text: string, type: DOMParserSupportedType) => Document;
  if ('lintas' in parse) return;
  const parseXml = function parseFromString(this: DOMParser, text: string, type: DOMParserSupportedType): Document {
    return parse.call(this, type === 'text/html' ? text : policy.createHTML(text), type);
  };
  prototype.parseFromString = Object.assign(parseXml, { lintas: true });
}
