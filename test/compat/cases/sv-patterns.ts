// Names with patterns: C takes them as they stand, ours for all services that match, unless a directory is named so.
// Read next: sv-services.ts (names without patterns).
import { FakeService, made } from '../fake.ts';
import type { Case } from '../model.ts';

const patterns: Case = {
  name: 'sv-patterns/all',
  title: 'a pattern among the names',
  uses: ['sv'],
  differs: [
    {
      id: 'sv-patterns',
      lines: {
        'web?': 'exit 0',
        'web? prints': '',
        'sent to web1': 'h',
        'sent to web2': 'h',
        'x? prints': 'sv: x?: no service matches in WORLD/all',
      },
    },
  ],
  async run(world) {
    const fakes = ['web1', 'web2', '[w]*'].map((name) => ({
      name,
      fake: new FakeService(world, `all/${name}`, made('run')),
    }));
    for (const pattern of ['web?', 'x?', '[w]*']) {
      const { end, out, err } = await world.run('sv', ['hup', pattern], { env: { SVDIR: world.path('all') } });
      world.note(pattern, end);
      world.note(`${pattern} prints`, ((out + err).split('\n')[0] ?? '').replaceAll(world.dir, 'WORLD'));
    }
    for (const { name, fake } of fakes) world.note(`sent to ${name}`, fake.received());
  },
};

export const cases: readonly Case[] = [patterns];
