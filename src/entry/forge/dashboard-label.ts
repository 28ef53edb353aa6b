/** Of the dashboard issue. The label alone could be anybody's; the marker alone costs a look at every issue. */
export const DASHBOARD_LABEL = 'certwright-dashboard';
