/** How far a product's vetting reaches; the more people look at it, the longer an issuance takes. */
export type ValidationLevel = 'dv' | 'ov' | 'ev';

/** Days an organisation check may take before a certificate comes out. */
export const LEAD_DAYS: Readonly<Record<ValidationLevel, number>> = { dv: 0, ov: 3, ev: 7 };
