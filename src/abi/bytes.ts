/** A byte string: every character is one byte, 0 to 255, so that names that are no UTF-8 pass unharmed. */
export type Bytes = string;
