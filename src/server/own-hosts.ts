// The Host values that a listener goes by (RFC 9110 section 7.2): what a page under another name cannot send.
export interface OwnHosts {
  /** `host`: in lower case. `port`: where the request came in. */
  has(host: string, port: number | undefined): boolean;
}

export interface Naming {
  /** Where it listens. */
  readonly host: string;
  readonly isTls: boolean;
  /** What its certificate stands for now: names, IP addresses, and `*.` for one label. */
  readonly names: () => readonly string[];
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Loopback's names, where it listens, and what its certificate stands for, each with the port. */
export function ownHosts({ host, isTls, names }: Naming): OwnHosts {
  const fixed = new Set([...loopbackNames, toHost(host)]);
  return {
    has: (value, port) => {
      const [, name = '', given] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(value) ?? [];
      if (Number(given ?? (isTls ? 443 : 80)) !== port) return false;
      return fixed.has(name) || names().some((one) => isCovered(name, toHost(one)));
    },
  };
}

function isCovered(name: string, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return name === pattern;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

/** As a URL has it: in lower case, an IPv6 address shortened and in brackets. */
function toHost(text: string): string {
  if (!text.includes(':')) return text.toLowerCase();
  const url = `http://[${text}]`;
  return URL.canParse(url) ? new URL(url).hostname : text.toLowerCase();
}
