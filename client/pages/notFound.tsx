import type { ComponentChildren } from 'preact';
import { Title } from '../parts/frame.tsx';
import { t } from '../words.ts';

export function NotFoundPage({ children }: { children?: ComponentChildren }) {
  return (
    <div class="page">
      <Title>{t('app.not-found')}</Title>
      {children}
      <p>
        <a href="/">{t('app.home')}</a>
      </p>
    </div>
  );
}
