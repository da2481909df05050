// A program in a cold part has its names and its place twice: in the table of programs, and where it is written.
import { expect, it } from 'vitest';
import { pause } from '../../../src/applets/pause.ts';
import { runit } from '../../../src/applets/runit.ts';
import { runitInit } from '../../../src/applets/runit-init.ts';
import { runsvchdir } from '../../../src/applets/runsvchdir.ts';
import { svprobe } from '../../../src/applets/svprobe.ts';
import { utmpset } from '../../../src/applets/utmpset.ts';
import { folderOf } from '../../../src/cli/applet.ts';
import { applets } from '../../../src/main.ts';

it.each([runit, runitInit, pause, runsvchdir, svprobe, utmpset])(
  '$name is in the table as it is written',
  (written) => {
    const listed = applets.find(({ name }) => name === written.name);
    expect(listed?.also).toEqual(written.also);
    expect(listed === undefined ? null : folderOf(listed)).toBe(folderOf(written));
  },
);
