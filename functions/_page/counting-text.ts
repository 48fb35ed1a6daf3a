/** What stands in place of figures that are being counted in the background. */
export const COUNTING = 'Being counted. It is shown here as soon as it is there.'
