import type { NoticeLevel } from './notice.js';
import type { SecretSource } from './secret.js';

export type DigestPeriod = 'daily' | 'weekly';

/** Whom a channel is for. */
export interface Audience {
  /** One of its kind in a configuration. */
  readonly name: string;
  readonly on: readonly NoticeLevel[];
  /** Globs over names of certificates; []: all. */
  readonly match: readonly string[];
  /** []: all. */
  readonly owner: readonly string[];
  readonly digest: DigestPeriod;
}

/** Incoming webhook of Slack, and of what understands the same: Mattermost, Rocket.Chat. */
export interface SlackConfig extends Audience {
  readonly type: 'slack';
  readonly url: SecretSource;
}

/** A JSON body of our own (docs/notifications.md, "The body of a webhook"). */
export interface WebhookConfig extends Audience {
  readonly type: 'webhook';
  readonly url: SecretSource;
  /** Signs what is sent; absent: it is not signed. */
  readonly secret?: SecretSource;
}

export interface EmailConfig extends Audience {
  readonly type: 'email';
  readonly host: string;
  readonly port: number;
  /** `none`: in clear, to this machine alone. */
  readonly tls: 'starttls' | 'tls' | 'none';
  readonly user?: string | SecretSource;
  readonly password?: SecretSource;
  readonly from: string;
  readonly to: readonly string[];
  /** Instead of `to`, for what has this owner. */
  readonly owners: Readonly<Record<string, readonly string[]>>;
}

export interface IssueConfig extends Audience {
  readonly type: 'github-issue';
  /** Beside the label by which certwright finds its issues again. */
  readonly labels: readonly string[];
}

export type NotificationConfig = SlackConfig | WebhookConfig | EmailConfig | IssueConfig;

export const NOTIFICATION_TYPES = ['slack', 'webhook', 'email', 'github-issue'] as const;

/** Every secret a channel names, by its key. */
export function channelSecrets(channel: NotificationConfig): Readonly<Record<string, SecretSource>> {
  switch (channel.type) {
    case 'slack':
      return { url: channel.url };
    case 'webhook':
      return { url: channel.url, ...(channel.secret === undefined ? {} : { secret: channel.secret }) };
    case 'email':
      return {
        ...(typeof channel.user === 'object' ? { user: channel.user } : {}),
        ...(channel.password === undefined ? {} : { password: channel.password }),
      };
    case 'github-issue':
      return {};
  }
}
