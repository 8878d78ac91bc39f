// Where a restore takes a keystore from, in the words that people are told it with: a backup or another place.

export interface Origin {
  /** What it is in a sentence. */
  readonly noun: string;
  /** Noted with a change that it leads to. */
  readonly note: string;
  /** What to do where the histories were forked. */
  readonly elsewhere: string;
  /** What to do where some of it is damaged. */
  readonly whenDamaged: string;
  /** What to do once a damaged document is out of the way. */
  readonly again: string;
  /**
   * The target is to be the same keystore as a whole: with its master document, and with nothing that the origin does
   * not have. That it is that already is no error.
   */
  readonly isCopied: boolean;
}

export const fromBackup: Origin = {
  noun: 'the backup',
  note: 'from a backup',
  elsewhere:
    'restore it with --into DIR, and take over the keys that are wanted: jwks export SET --private --kid KID --keystore DIR -o FILE, then jwks import SET FILE',
  whenDamaged: 'nothing was changed; name the sets to restore the others only',
  again: 'restore again',
  isCopied: false,
};

export const fromPlace: Origin = {
  noun: 'the source',
  note: 'from another copy',
  elsewhere:
    'let one of them go on, and take over the keys that it lacks: jwks export SET --private --kid KID --keystore OTHER -o FILE, then jwks import SET FILE --keystore ONE --accept-rollback',
  whenDamaged: 'nothing was copied; put it back from a backup first',
  again: 'copy it again',
  isCopied: true,
};
