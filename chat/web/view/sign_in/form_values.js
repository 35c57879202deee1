// What was typed into a form.

/**
 * The values of a form's fields, by their names.
 * @param {SubmitEvent & { currentTarget: HTMLFormElement }} event
 * @returns {Record<string, string>}
 */
export function formValues(event) {
  event.preventDefault();
  const values = [...new FormData(event.currentTarget)];
  return Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
}
