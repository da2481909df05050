// The virtual kernel is held to what a host promises, but for what needs programs that really run.
import { VirtualKernel } from '../sim/kernel/kernel.ts';
import { contract } from './contract.ts';

contract('virtual kernel', { realPrograms: false, checksArguments: false }, () => {
  const kernel = new VirtualKernel({ maxSteps: 200_000 });
  kernel.user.folder('/contract');
  kernel.start({ argv: ['contract'], env: ['HOME=/'] });
  return { sys: kernel.calls, dir: '/contract' };
});
