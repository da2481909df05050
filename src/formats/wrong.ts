// What a reader of text says where the text is none of its kind: why, in words for a person.

export interface Wrong {
  readonly wrong: string;
}

export const wrong = (why: string): Wrong => ({ wrong: why });

export const isWrong = (value: unknown): value is Wrong =>
  typeof value === 'object' && value !== null && 'wrong' in value;
