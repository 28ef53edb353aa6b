import type { Answer } from './encode.js';
import type { Desk } from './state.js';

/** `!getAccountBalance`. Order of the lines and names of the keys are placeholders of the reference. */
export const balance = ({ settings, state }: Desk): Answer => ({
  fields: [
    ['errorCode', 0],
    ['accountID', settings.accountId],
    ['currency', settings.currency],
    ['availableCredit', state.balance],
    ['hardCreditLimit', settings.hardCreditLimit],
  ],
});
