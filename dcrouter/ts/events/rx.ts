export * as smartrx from '@push.rocks/smartrx';
