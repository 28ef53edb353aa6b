import type { ResourceRecordSet, Change as SetChange } from '@aws-sdk/client-route-53';
import { plainName } from '../../dns/wire.js';
import type { Change, Kind, Standing } from '../hosted/service.js';
import { readTexts, writeTexts } from '../hosted/text.js';

/**
 * Route 53 keeps all values of a name and type as one set: adding or removing one value rewrites the set, with what
 * others have in it. Octal escapes in values:
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat
 */
export interface Route53Standing extends Standing {
  readonly sets: readonly ResourceRecordSet[];
}

const valuesOf = ({ ResourceRecords = [] }: ResourceRecordSet): readonly string[] =>
  ResourceRecords.flatMap(({ Value }) => Value ?? []);

/** @param sets  all sets of one name */
export function standingOf(sets: readonly ResourceRecordSet[]): Route53Standing {
  const special = sets.find(
    (set) =>
      (set.Type === 'TXT' || set.Type === 'CNAME') &&
      (set.AliasTarget !== undefined || set.SetIdentifier !== undefined),
  );
  const [alias] = sets.flatMap((set) => (set.Type === 'CNAME' ? valuesOf(set) : []));
  return {
    sets,
    texts: sets.flatMap((set) =>
      set.Type === 'TXT' ? valuesOf(set).map((value) => readTexts(value, 'octal')) : [],
    ),
    others: sets.flatMap(({ Type }) =>
      Type === undefined || Type === 'TXT' || Type === 'CNAME' ? [] : [Type],
    ),
    ...(alias === undefined ? {} : { alias: plainName(alias) }),
    ...(special === undefined
      ? {}
      : {
          special: `a ${special.Type} set with ${special.AliasTarget ? 'an alias target' : 'a routing policy'}`,
        }),
  };
}

/**
 * A set is deleted as it was read and made anew, in one transaction: what somebody else changed in between makes Route 53
 * refuse the batch, where an UPSERT would bury it.
 */
export function changesOf(
  kind: Kind,
  changes: readonly Change<Route53Standing>[],
  ttl: number,
): readonly SetChange[] {
  const bySet = new Map<string, Change<Route53Standing>[]>();
  for (const change of changes) {
    const key = `${change.record.type} ${change.owner}`;
    bySet.set(key, [...(bySet.get(key) ?? []), change]);
  }
  return [...bySet.values()].flatMap((group) => {
    const [first] = group;
    return first ? setChanges(kind, first, group, ttl) : [];
  });
}

function setChanges(
  kind: Kind,
  { owner, record, standing }: Change<Route53Standing>,
  group: readonly Change<Route53Standing>[],
  ttl: number,
): readonly SetChange[] {
  const { type } = record;
  const old = standing.sets.find((set) => set.Type === type);
  const plain = (value: string) => (type === 'TXT' ? readTexts(value, 'octal') : plainName(value));
  const ours = new Set(group.map((one) => plain(written(one.record))));
  const others = (old ? valuesOf(old) : []).filter((value) => !ours.has(plain(value)));
  const added = kind === 'publish' ? [...new Set(group.map((one) => written(one.record)))] : [];
  const values = [...others, ...added];
  return [
    ...(old ? [{ Action: 'DELETE' as const, ResourceRecordSet: old }] : []),
    ...(values.length === 0
      ? []
      : [
          {
            Action: 'CREATE' as const,
            ResourceRecordSet: {
              Name: `${owner}.`,
              Type: type,
              // The time of a set is that of whoever made it.
              TTL: old?.TTL ?? ttl,
              ResourceRecords: values.map((Value) => ({ Value })),
            },
          },
        ]),
  ];
}

const written = ({ type, value }: Change<Route53Standing>['record']): string =>
  type === 'TXT' ? writeTexts(value, 'octal') : `${plainName(value)}.`;
