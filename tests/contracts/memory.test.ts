import { openMemoryLog } from '../../server/storage/memory.ts';
import { describeLog } from './log.ts';

describeLog('the log in memory', async () => ({ open: async () => openMemoryLog(), rival: null, lasts: false }));
