import { elementwiseCases } from './cases-elementwise.ts'
import { layoutCases } from './cases-layout.ts'
import { loopCases } from './cases-loop.ts'
import { productCases } from './cases-products.ts'
import type { Case } from './sample.ts'

/** Every operation of the room: the gradient, device and export tests all go through this one table. */
export const cases: readonly Case[] = [...elementwiseCases, ...layoutCases, ...productCases, ...loopCases]
