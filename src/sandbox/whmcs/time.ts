import { UTCDate } from '@date-fns/utc';
import { addMonths as monthsAfter } from 'date-fns';

export const addMonths = (ms: number, months: number): number =>
  monthsAfter(new UTCDate(ms), months).getTime();
