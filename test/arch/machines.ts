// The machines of qemu-system that boot each processor's executable, with the kernels that fetch.sh gets.
//
// Read next: boot.ts (what is played there).
import { ARM64, type Kind } from '../qemu/machine.ts';

export interface Bootable extends Kind {
  /** Of the kernel's pages. */
  readonly pageKiB: number;
  /** Its console is gone before the kernel says how it ends. */
  readonly endsInSilence?: true;
}

const M512 = '-m 512';

export const MACHINES: Readonly<Record<string, Bootable>> = {
  arm64: { ...ARM64, pageKiB: 16 },
  armv7: { qemu: 'qemu-system-arm', options: `-M virt -cpu cortex-a15 ${M512}`, console: 'ttyAMA0', pageKiB: 4 },
  i386: { qemu: 'qemu-system-i386', options: `-M q35 ${M512}`, console: 'ttyS0', pageKiB: 4 },
  riscv64: { qemu: 'qemu-system-riscv64', options: `-M virt ${M512}`, console: 'ttyS0', pageKiB: 4 },
  // x-vof: qemu's own small firmware
  ppc64le: { qemu: 'qemu-system-ppc64', options: '-M pseries,x-vof=on -m 1024', console: 'hvc0', pageKiB: 64 },
  s390x: {
    qemu: 'qemu-system-s390x',
    options: `-M s390-ccw-virtio ${M512}`,
    console: 'ttysclp0',
    pageKiB: 4,
    endsInSilence: true,
  },
};
