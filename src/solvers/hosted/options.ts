/** The keys of the configuration that every DNS service has. */
export const HOSTED_OPTIONS = {
  url: {
    type: 'string',
    pattern: '^https?://[^\\s@?#]+$',
    errorMessage: 'Write https://host/path, without user name and query.',
  },
  visibleAt: {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: {
      type: 'string',
      pattern: '^[^\\s/@]+$',
      errorMessage: 'Write host or host:port, such as 192.0.2.53 or ns1.example.com:5353.',
    },
  },
} as const;
