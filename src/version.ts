// The version of this build.

declare const __VERSION__: string;
export const version = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0';
