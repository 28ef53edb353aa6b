/** Options every command takes. */
export interface Globals {
  /** `-C DIR` */
  readonly directory?: string;
  readonly json: boolean;
  /** `--identity FILE`, may be repeated. */
  readonly identity: readonly string[];
}
