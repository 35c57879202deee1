export function getDocument(options: Record<string, unknown>): any;
