/** The database in which the displacement pages keep a scenario on this device; signing out anywhere removes it. */
export const scenariosKept = 'lintas-displacement';
