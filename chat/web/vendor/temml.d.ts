export function parse(tex: string, options: Record<string, unknown>): any;
