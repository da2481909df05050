// The order of the bytes in the kernel's numbers. A build for another processor knows it, as that processor does not read this.
declare const RUNITBOX_BIG_ENDIAN: boolean;

/** Whether the highest byte comes first: s390x. */
export const BIG_ENDIAN: boolean = typeof RUNITBOX_BIG_ENDIAN === 'boolean' && RUNITBOX_BIG_ENDIAN;
