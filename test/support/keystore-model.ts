// A keystore as it is thought of: which keys there are, their dates, and who signs. Written a second time, by
// DESIGN.md and not by the rules: one algorithm, one set of spans, no clock that is behind.

export const spans = {
  publishLag: 40,
  cacheMaxAge: 20,
  staleIfError: 0,
  verifierCache: 30,
  tokenTtl: 50,
  signerReload: 10,
  skew: 0,
} as const;
const lead = 40 + 20 + 30;
const grace = 50 + 10;
const longestIdle = 400 * 86_400;
export const firstPeriod = 400;

export interface ModelKey {
  kid: string;
  created: number;
  activates?: number | undefined;
  deactivates?: number | undefined;
  retires?: number | undefined;
  revoked?: number | undefined;
  /** The private half is kept; the public half is. */
  held: boolean;
  whole: boolean;
}

/** What is done to a set. */
export type Act =
  | { readonly kind: 'create'; readonly kid: string | undefined }
  | { readonly kind: 'rotate' | 'now' | 'cancel' | 'due' | 'delete-set' }
  | { readonly kind: 'retire' | 'revoke' | 'delete'; readonly kid: string }
  | { readonly kind: 'policy'; readonly period: number | undefined; readonly destroyRetiring: boolean };

/** `done` also where nothing had to be written. */
export type Answer = 'done' | 'conflict' | 'not-found' | 'unsafe';

type State = 'next' | 'active' | 'retiring' | 'retired' | 'revoked';

export function stateAt(key: ModelKey, now: number): State {
  if (key.revoked !== undefined && key.revoked <= now) return 'revoked';
  if (key.retires !== undefined && key.retires <= now) return 'retired';
  if (key.deactivates !== undefined && key.deactivates <= now) return 'retiring';
  return key.activates !== undefined && key.activates <= now ? 'active' : 'next';
}

export class SetModel {
  revision = 0;
  updated = 0;
  isDeleted = false;
  period: number | undefined = firstPeriod;
  destroyRetiring = false;
  keys: ModelKey[] = [];
  lastActivated: number | undefined;

  get isThere(): boolean {
    return this.revision > 0 && !this.isDeleted;
  }

  copy(): SetModel {
    return Object.assign(new SetModel(), structuredClone({ ...this }));
  }

  signer(now: number): ModelKey | undefined {
    return this.#active(now)
      .filter(({ held }) => held)
      .reduce<ModelKey | undefined>(
        (best, key) => (best === undefined || (key.activates ?? 0) > (best.activates ?? 0) ? key : best),
        undefined,
      );
  }

  /** What comes of it, and the set afterwards; this one stays as it is. */
  after(act: Act, now: number): { readonly answer: Answer; readonly set: SetModel } {
    const set = this.copy();
    const answer = set.#act(act, now);
    if (answer !== 'done') return { answer, set: this };
    const isSame = JSON.stringify(set) === JSON.stringify(this);
    const isWritten = !isSame || act.kind === 'create';
    if (!isWritten) return { answer, set: this };
    const isIdle = this.revision > 0 && now - this.updated > Math.max(longestIdle, 2 * (this.period ?? 0));
    if (isIdle && act.kind !== 'policy') return { answer: 'unsafe', set: this };
    set.revision += 1;
    set.updated = now;
    return { answer, set };
  }

  #act(act: Act, now: number): Answer {
    if (act.kind === 'create') return this.#create(act.kid, now);
    if (!this.isThere) return 'not-found';
    switch (act.kind) {
      case 'delete-set':
        for (const key of this.keys) {
          if (!isOver(key, now)) key.retires = now;
          bury(key);
        }
        this.isDeleted = true;
        return 'done';
      case 'policy': {
        const isSame = this.period === act.period && this.destroyRetiring === act.destroyRetiring;
        if (isSame) return 'done';
        Object.assign(this, { period: act.period, destroyRetiring: act.destroyRetiring });
        this.#tidy(now);
        return 'done';
      }
      case 'retire':
      case 'revoke':
      case 'delete':
        return this.#remove(act.kind, act.kid, now);
      case 'rotate':
      case 'now':
      case 'cancel':
      case 'due': {
        this.#tidy(now);
        const answer = this.#rotate(act.kind, now);
        this.#tidy(now);
        return answer;
      }
    }
  }

  #create(kid: string | undefined, now: number): Answer {
    if (this.keys.some((key) => key.kid === kid)) return 'conflict';
    if (this.isThere) this.#tidy(now);
    else Object.assign(this, { period: firstPeriod, destroyRetiring: false, isDeleted: false });
    this.#add({ activates: now }, now, kid);
    return 'done';
  }

  #rotate(kind: 'rotate' | 'now' | 'cancel' | 'due', now: number): Answer {
    const next = this.#next(now);
    const signer = this.signer(now);
    if (kind === 'cancel') {
      if (next !== undefined) this.#cancel(next, now);
      return 'done';
    }
    if (kind === 'due') {
      if (signer === undefined || next !== undefined || this.period === undefined) return 'done';
      const ends = Math.min((signer.activates ?? 0) + this.period, signer.deactivates ?? Infinity);
      if (ends - lead <= now) this.#publish(now);
      return 'done';
    }
    if (signer === undefined) return 'not-found';
    if (kind === 'rotate') {
      if (next === undefined) this.#publish(now);
      return 'done';
    }
    if (this.lastActivated !== undefined && this.lastActivated + lead > now) return 'unsafe';
    const signing = this.#active(now);
    if (next === undefined) this.#add({ activates: now }, now);
    else next.activates = now;
    this.lastActivated = now;
    for (const key of signing) end(key, now);
    return 'done';
  }

  #publish(now: number): void {
    const signer = this.signer(now);
    for (const key of this.#active(now)) {
      const isSooner = key.deactivates !== undefined && key.deactivates < now + lead;
      if (!isSooner || key === signer) end(key, now + lead);
    }
    this.#add({ activates: now + lead }, now);
  }

  #cancel(next: ModelKey, now: number): void {
    for (const key of this.#active(now)) if (key.deactivates === next.activates) end(key, undefined);
    const soonest = Math.min(next.activates ?? Infinity, next.created + lead);
    if (soonest > now + spans.signerReload) {
      next.retires = now;
      bury(next);
    } else Object.assign(next, { activates: undefined, deactivates: now, retires: now + grace });
  }

  #remove(kind: 'retire' | 'revoke' | 'delete', kid: string, now: number): Answer {
    const key = this.keys.find((one) => one.kid === kid);
    if (key === undefined) return 'not-found';
    const state = stateAt(key, now);
    if (kind === 'retire' && (state === 'next' || isOver(key, now))) return 'conflict';
    if (kind === 'delete' && isOver(key, now)) return 'not-found';
    const before = JSON.stringify(this);
    this.#tidy(now);
    const wasSigner = this.signer(now);
    const isLeaving = wasSigner !== undefined && this.#isLonely(wasSigner);
    if (kind === 'retire' && state === 'active') end(key, now);
    if (kind === 'revoke' && state !== 'revoked') key.revoked = now;
    if (kind === 'delete') key.retires = now;
    if (isOver(key, now)) bury(key);
    if (JSON.stringify(this) !== before)
      this.#succeed(key === wasSigner, isLeaving ? wasSigner : undefined, now);
    this.#tidy(now);
    return 'done';
  }

  /** Every deactivation has a successor behind it. */
  #succeed(isLost: boolean, leaving: ModelKey | undefined, now: number): void {
    if (isLost && this.signer(now) === undefined) {
      const next = this.#next(now);
      if (next === undefined) this.#add({ activates: now }, now);
      else next.activates = now;
      this.lastActivated = now;
    }
    const signer = this.signer(now);
    if (signer === undefined || signer === leaving || !this.#isLonely(signer)) return;
    const from = signer.deactivates;
    const next = this.#next(now) ?? this.#add({ activates: now + lead }, now);
    for (const key of this.#active(now)) if (key.deactivates === from) end(key, next.activates);
  }

  /** It stops, and no other signs then. */
  #isLonely({ kid, deactivates }: ModelKey): boolean {
    if (deactivates === undefined) return false;
    return !this.keys.some(
      (key) =>
        key.held &&
        key.kid !== kid &&
        (key.activates ?? Infinity) <= deactivates &&
        (key.deactivates ?? Infinity) > deactivates,
    );
  }

  #active(now: number): ModelKey[] {
    return this.keys.filter((key) => stateAt(key, now) === 'active');
  }

  #next(now: number): ModelKey | undefined {
    const waiting = this.keys.filter((key) => key.held && stateAt(key, now) === 'next');
    return waiting.sort((a, b) => (a.activates ?? Infinity) - (b.activates ?? Infinity))[0];
  }

  #add(dates: Pick<ModelKey, 'activates'>, now: number, kid = `?${this.revision}.${this.keys.length}`) {
    const key: ModelKey = { kid, created: now, ...dates, held: true, whole: true };
    this.keys.unshift(key);
    return key;
  }

  #tidy(now: number): void {
    for (const key of this.keys) {
      if (isOver(key, now)) bury(key);
      else if (stateAt(key, now) === 'retiring' && this.destroyRetiring) key.held = false;
    }
  }
}

function isOver(key: ModelKey, now: number): boolean {
  return ['retired', 'revoked'].includes(stateAt(key, now));
}

function bury(key: ModelKey): void {
  Object.assign(key, { held: false, whole: false });
}

function end(key: ModelKey, at: number | undefined): void {
  const isLater = at !== undefined && key.deactivates !== undefined && at >= key.deactivates;
  key.retires = at === undefined ? undefined : Math.max(isLater ? (key.retires ?? 0) : 0, at + grace);
  key.deactivates = at;
}
