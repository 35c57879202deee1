export const highlighter: {
  registered(language: string): boolean;
  highlight(language: string, code: string): { children: any[] };
};
