// URLs of a PostgreSQL for other roles, with other words.
export interface UrlChanges {
  readonly user?: string;
  /** Empty: none. */
  readonly password?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export function changed(
  text: string,
  { user, password, host, port, database, parameters = {} }: UrlChanges,
): string {
  const url = new URL(text);
  if (user !== undefined) url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  if (host !== undefined) url.hostname = host;
  if (port !== undefined) url.port = String(port);
  if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
