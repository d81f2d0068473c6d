/**
 * DcRouter: the observable edge router.
 *
 * @module
 */
export { ApiServer, type IApiServerOptions } from './api/server.ts';
export type { IApiSources, ILifeCycle, IRouterStats } from './api/sources.ts';
export { ConfigError, type IConfigProblem } from './config/error.ts';
export { inspectConfig, loadConfig, validateConfig, type IInspection } from './config/load.ts';
export { configJsonSchema } from './config/json-schema.ts';
export { readConfigDocument, type IReadDocument } from './config/read.ts';
export { parseConfigDocument, type IConfigDocument } from './config/document.ts';
export { configSchema, type TConfig } from './config/schema/index.ts';
export { guarded, main, runUntilSignal } from './cli/main.ts';
export { systemClock, type IClock } from './control/clock.ts';
export { Control, type IControlOptions } from './control/control.ts';
export { ControlError, type TControlErrorCode } from './control/error.ts';
export type { IControlStats } from './control/stats.ts';
export type {
  IApplied,
  IApplyOptions,
  IControl,
  IDifference,
  IDocumentInput,
  IEffects,
  IPlan,
  ISnapshot,
} from './control/types.ts';
export { RouterProcess, type IRouterProcessOptions } from './process/router-process.ts';
export type { IEventBus, IRouterEvent, TEventKind } from './events/types.ts';
export { Logs, type ILogStats } from './log/logs.ts';
export type { ILogFilter, ILogLine, ILogTail, ITailStats, TLogLevel } from './log/tail.ts';
export { createLogger, type ILoggerOptions, type TLogger } from './log/logger.ts';
export { DcRouter, type IDcRouterOptions, type IRouterAddresses } from './router.ts';
export { HistoryQueryError } from './telemetry/history/query.ts';
export type {
  IHistory,
  IHistoryAnswer,
  IHistoryQuery,
  IHistorySeries,
  IHistorySeriesInfo,
  IHistoryStats,
} from './telemetry/types.ts';
export { StartError } from './start-error.ts';
export type { TRuleConfig, TRulesConfig } from './config/schema/index.ts';
export { DnsRules } from './rules/dnspolicy.ts';
export { factsOf } from './rules/input.ts';
export { ProxyRules } from './rules/proxypolicy.ts';
export { RuleSet, type IRuleSetOptions } from './rules/ruleset.ts';
export type * from './rules/types.ts';
export { StoreConflictError, StoreUnavailableError } from './store/errors.ts';
export type { IStore, IStoredObject, TObjectChange, TObjectKind } from './store/types.ts';
