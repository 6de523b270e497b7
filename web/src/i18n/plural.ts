const order = ['zero', 'one', 'two', 'few', 'many', 'other'] as const;

/**
 * A rule for vue-i18n that follows Intl.PluralRules. A plural text gives one
 * form for each category its language has, in the order zero, one, two, few,
 * many, other: English "{n} person | {n} people", Thai a single form, Arabic six.
 * A text with fewer forms than its language has categories uses its last form.
 */
export function pluralRule(locale: string): (choice: number, forms: number) => number {
  const rules = new Intl.PluralRules(locale);
  const categories = order.filter((category) => rules.resolvedOptions().pluralCategories.includes(category));
  return (choice, forms) => {
    const index = categories.indexOf(rules.select(Math.abs(choice)));
    return Math.min(index < 0 ? forms - 1 : index, forms - 1);
  };
}

/** The number of forms a plural text of the language should have. */
export function pluralForms(locale: string): number {
  return new Intl.PluralRules(locale).resolvedOptions().pluralCategories.length;
}
