import { colourAt, colours, isNear } from './picture.ts'
import type { Area, ColourName, Picture, Place } from './picture.ts'
import { toneStrength } from './tones.ts'
import type { Sound } from './tones.ts'

export type Template = 'side_by_side' | 'picture_in_picture'

/** Where one of the two sources of a mix is seen: places that have its plain colour, and the area in which its bar moves. */
export type Half = { readonly plain: readonly Place[]; readonly bar: Area }

/** Side by side the main stream is on the left; else it fills the picture, and the other is a small one at the lower right. */
export const halvesOf: Readonly<Record<Template, { readonly main: Half; readonly other: Half }>> = {
  side_by_side: {
    main: {
      plain: [
        { x: 0.1, y: 0.2 },
        { x: 0.4, y: 0.7 },
      ],
      bar: { x: 0.02, y: 0.86, width: 0.46, height: 0.12 },
    },
    other: {
      plain: [
        { x: 0.6, y: 0.2 },
        { x: 0.9, y: 0.7 },
      ],
      bar: { x: 0.52, y: 0.86, width: 0.46, height: 0.12 },
    },
  },
  picture_in_picture: {
    main: {
      plain: [
        { x: 0.1, y: 0.7 },
        { x: 0.9, y: 0.2 },
      ],
      bar: { x: 0.02, y: 0.86, width: 0.4, height: 0.12 },
    },
    other: {
      plain: [
        { x: 0.8, y: 0.8 },
        { x: 0.9, y: 0.8 },
      ],
      bar: { x: 0.74, y: 0.92, width: 0.22, height: 0.03 },
    },
  },
}

export type MixColours = { readonly template: Template; readonly main: ColourName; readonly other: ColourName }

const hasColour = (picture: Picture, places: readonly Place[], colour: ColourName): boolean =>
  places.every((place) => isNear(colourAt(picture, place), colours[colour]))

/** Whether the half of the main stream, or of the other one, has this colour. */
export const showsHalf = (picture: Picture, template: Template, half: 'main' | 'other', colour: ColourName): boolean =>
  hasColour(picture, halvesOf[template][half].plain, colour)

/** Whether both halves have these colours. */
export const showsMix = (picture: Picture, { template, main, other }: MixColours): boolean =>
  showsHalf(picture, template, 'main', main) && showsHalf(picture, template, 'other', other)

const everywhere: readonly Place[] = [0.1, 0.4, 0.6, 0.9].flatMap((x) => [0.2, 0.5, 0.75].map((y) => ({ x, y })))

/** Whether a picture has one colour everywhere but in the bar's area. */
export const showsOne = (picture: Picture, colour: ColourName): boolean => hasColour(picture, everywhere, colour)

/** What a test source plays has an amplitude of an eighth; a mix may make it softer. */
const audible = 0.02
const inaudible = 0.005

/** Whether these tones are all heard. */
export const hasTones = (sound: Sound, ...tonesHz: readonly number[]): boolean =>
  tonesHz.every((toneHz) => toneStrength(sound, toneHz) > audible)

/** Whether none of these tones is. */
export const lacksTones = (sound: Sound, ...tonesHz: readonly number[]): boolean =>
  tonesHz.every((toneHz) => toneStrength(sound, toneHz) < inaudible)
