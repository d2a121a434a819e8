/** What follows the opening brace of a JSON object of so many bytes. */
export const payload = (bytes: number): string => `"text":"${'x'.repeat(Math.max(0, bytes - 11))}"}`
