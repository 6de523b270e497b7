import { exerciseTransport } from './queue/exercise';
import { start } from './start';

// No import of the live transport or courier, here or in anything this file leads to.
start({ name: 'exercise', base: '/exercise/', storage: 'lintas-exercise', transport: exerciseTransport, courier: null });
