import { liveCourier } from './handover/live';
import { liveTransport } from './queue/live';
import { start } from './start';

start({ name: 'live', base: '/app/', storage: 'lintas-officer', transport: liveTransport, courier: liveCourier });
