// What a reader of text says where the text is none of its kind: why, in words for a person.

export interface ParseError {
  readonly wrong: string;
}

export const parseError = (why: string): ParseError => ({ wrong: why });

export const isParseError = (value: unknown): value is ParseError =>
  typeof value === 'object' && value !== null && 'wrong' in value;
