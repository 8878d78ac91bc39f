// The steps to come as a list of a page.
import { describeDuration, formatInstant, type Instant } from '../lifecycle/time.ts';
import { escapeMarkup } from './markup.ts';
import { type NextStep, nextStepsOf } from './next-steps.ts';
import type { Chart, Timeline } from './timeline.ts';

export function stepList(chart: Chart, { at }: Timeline): string {
  const steps = nextStepsOf(chart, at);
  if (steps.length === 0) return '<p>Nothing is to come.</p>';
  return `<ol class="steps">${steps.map((step) => `<li>${when(step.at, at)} <span class="what">${say(step)}</span></li>`).join('')}</ol>`;
}

function when(time: Instant | undefined, now: Instant): string {
  if (time === undefined) return '<span class="when">no date yet</span>';
  const left = time <= now ? 'now' : `in ${describeDuration(time - now)}`;
  return `<span class="when"><time class="part">${formatInstant(time)}</time> <span class="quiet">${left}</span></span>`;
}

function say({ kid, what, isPlanned }: NextStep): string {
  const name = kid === undefined ? '' : `<code><bdi>${escapeMarkup(kid)}</bdi></code> `;
  return `${name}${escapeMarkup(what)}${isPlanned ? ' <span class="quiet">(planned)</span>' : ''}`;
}
