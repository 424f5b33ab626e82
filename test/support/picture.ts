/** Red, green, blue: 0 to 255 each. */
export type Colour = readonly [number, number, number]

/** A frame as it would stand on a screen. */
export type Picture = {
  readonly width: number
  readonly height: number
  /** The colour of one pixel; throws a RangeError outside the picture. */
  readonly at: (x: number, y: number) => Colour
}

/** A place in a picture: 0 is its left or upper edge, 1 its right or lower one. */
export type Place = { readonly x: number; readonly y: number }

/** A rectangle of a picture, in the same measure. */
export type Area = Place & { readonly width: number; readonly height: number }

/** The colours that test sources have; far enough from each other to be told apart after encoding. */
export const colours = {
  red: [255, 0, 0],
  green: [0, 128, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
  magenta: [255, 0, 255],
  black: [0, 0, 0],
} as const satisfies Readonly<Record<string, Colour>>

export type ColourName = keyof typeof colours

const bytesPerPixel = 3

/** A picture of raw bytes, three a pixel (`rgb24`). */
export const readPicture = (bytes: Uint8Array, { width, height }: { width: number; height: number }): Picture => {
  const size = width * height * bytesPerPixel
  if (bytes.length !== size) throw new RangeError(`${width}x${height} takes ${size} bytes, not ${bytes.length}`)
  return {
    width,
    height,
    at: (x, y) => {
      if (x < 0 || y < 0 || x >= width || y >= height) throw new RangeError(`no pixel ${x},${y} in ${width}x${height}`)
      const from = (y * width + x) * bytesPerPixel
      const [red = 0, green = 0, blue = 0] = bytes.subarray(from, from + bytesPerPixel)
      return [red, green, blue]
    },
  }
}

/** The pixels of an area, at least one, row by row. */
const pixelsOf = (picture: Picture, { x, y, width, height }: Area): readonly Colour[] => {
  const clamp = (value: number, limit: number): number => Math.max(0, Math.min(limit - 1, Math.floor(value * limit)))
  const [left, top] = [clamp(x, picture.width), clamp(y, picture.height)]
  const [right, bottom] = [clamp(x + width, picture.width), clamp(y + height, picture.height)]
  const pixels: Colour[] = []
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) pixels.push(picture.at(column, row))
  return pixels
}

/** The mean colour of an area. */
export const meanColour = (picture: Picture, area: Area): Colour => {
  const pixels = pixelsOf(picture, area)
  const mean = (channel: 0 | 1 | 2): number =>
    Math.round(pixels.reduce((sum, pixel) => sum + pixel[channel], 0) / pixels.length)
  return [mean(0), mean(1), mean(2)]
}

/** The colour around a place: the mean of a spot of a fiftieth of the picture, so that one odd pixel says nothing. */
export const colourAt = (picture: Picture, { x, y }: Place): Colour => {
  const spot = 0.02
  return meanColour(picture, { x: x - spot / 2, y: y - spot / 2, width: spot, height: spot })
}

/** Whether no channel differs by more; encoding and back moves a plain colour by up to some twenty. */
export const isNear = (colour: Colour, expected: Colour, tolerance = 30): boolean =>
  colour.every((value, channel) => Math.abs(value - (expected[channel] ?? NaN)) <= tolerance)

/** The name of a colour, or its numbers. */
export const nameOf = (colour: Colour): string => {
  for (const [name, known] of Object.entries(colours)) if (isNear(colour, known)) return name
  return `(${colour.join(' ')})`
}

/** Mean difference of the channels of two pictures' pixels in an area, 0 to 255: small for a frozen picture. */
export const differenceIn = (area: Area, one: Picture, other: Picture): number => {
  const others = pixelsOf(other, area)
  const sums = pixelsOf(one, area).map((pixel, index) => {
    const [red, green, blue] = others[index] ?? [NaN, NaN, NaN]
    return Math.abs(pixel[0] - red) + Math.abs(pixel[1] - green) + Math.abs(pixel[2] - blue)
  })
  return sums.reduce((sum, value) => sum + value, 0) / (bytesPerPixel * sums.length)
}

/** What a picture shows, in words: its colours at twelve places, row by row. */
export const describePicture = (picture: Picture): string => {
  const columns = [0.1, 0.4, 0.6, 0.9]
  const rows = [0.2, 0.5, 0.75].map((y) => columns.map((x) => nameOf(colourAt(picture, { x, y }))).join(' '))
  return `${picture.width}x${picture.height}: ${rows.join(' / ')}`
}
