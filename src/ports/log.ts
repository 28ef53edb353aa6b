export type LogFields = Readonly<Record<string, unknown>>;

/** Constant messages, facts in fields (`cert`, `provider`, `ref`, `orderId`). Never a key or token. */
export interface Log {
  /** @param fields  a function where they are dear: it is called only if somebody reads them */
  debug(fields: LogFields | (() => LogFields), message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/** For people who wait: one line per step of long work. */
export interface Progress {
  step(message: string): void;
}
