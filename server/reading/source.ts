import { ConcordError } from '../../shared/protocol/errors.ts';
import type { RecommendationId } from '../../shared/protocol/ids.ts';
import type { Meetings } from '../meetings/meetings.ts';
import type { Rooms } from '../room/rooms.ts';
import type { ReadingSource } from './reading.ts';

/** The source of the observers' page: the text that the rooms show, and the state of the meetings. */
export function readingSource(meetings: Meetings, rooms: Rooms): ReadingSource {
  return {
    meeting: (id) => meetings.get(id),
    text: async (recommendation) => {
      try {
        const room = await rooms.room(recommendation);
        return { text: room.text(), negotiation: room.negotiation };
      } catch (error) {
        if (error instanceof ConcordError && error.code === 'record-newer') return null;
        throw error;
      }
    },
    onChange: (listener) => {
      const changed = (recommendation: RecommendationId): void => {
        const meeting = meetings.of(recommendation);
        if (meeting !== null) listener({ meeting: meeting.id, recommendation });
      };
      const stops = [
        meetings.onChange(({ meeting }) => listener({ meeting, recommendation: null })),
        rooms.onShown(changed),
        rooms.onElsewhere(changed),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
